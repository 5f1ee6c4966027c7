import { ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { unitOf } from '../system/cgroups.ts';
import { limitsOf, openFiles } from '../system/limits.ts';
import { connectionCost, showBytes } from './shared-memory/cost.ts';

/** A socket, a header and a data file for each of three rings, and a directory while they are opened. */
export const DESCRIPTORS = 8;

/** What this process may have open, and write. */
export function checkLimits(surroundings: Surroundings): Remark[] {
  const { files } = surroundings;
  const { openFiles: most, fileSize } = limitsOf(files, 'self');
  const open = openFiles(files, 'self') ?? 0;
  const { largestFile } = connectionCost(surroundings);
  const remarks: Remark[] = [];
  if (most - open < DESCRIPTORS) {
    const text = `this process has ${open} of ${most} file descriptors open; a connection takes ${DESCRIPTORS}`;
    remarks.push(problem('open-files', text, raise(surroundings, 'prlimit --nofile=1024', 'LimitNOFILE')));
  }
  if (fileSize < largestFile) {
    const text = `this process may write files of up to ${showBytes(fileSize)}; a connection has one of ${showBytes(largestFile)}`;
    remarks.push(problem('file-size', text, raise(surroundings, 'prlimit --fsize=unlimited', 'LimitFSIZE')));
  }
  return remarks.length > 0 ? remarks : [ok('this process may open and write the files of a connection')];
}

function raise({ files }: Surroundings, command: string, setting: string): string {
  const unit = unitOf(files, 'self');
  const service = unit === undefined ? '' : `, or ${setting}= of ${unit}`;
  return `raise the limit: ${command} COMMAND, as root${service}`;
}
