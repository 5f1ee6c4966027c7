import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { LARGEST_FILE, parseMain } from '../../conf/files.ts';
import type { ClusterState } from '../../index.ts';
import type { OptionValues } from '../command.ts';
import { configFileOf } from '../arguments/config-file-option.ts';
import type { Remark } from './verdict.ts';

/** A file server may not answer. */
const PATIENCE_MS = 3000;

/** Why a file that was named cannot be compared. */
export async function configFileTrouble(options: OptionValues): Promise<string | undefined> {
  const path = configFileOf(options);
  if (path === undefined) return undefined;
  const late = 'it cannot be read: there is no answer';
  let timer: NodeJS.Timeout | undefined;
  // Of a process that was held up itself, the answer may be there when the time is.
  const patience = new Promise<string>(
    (resolve) => (timer = setTimeout(() => setImmediate(resolve, late), PATIENCE_MS)),
  );
  const why = await Promise.race([troubleOf(path), patience]);
  clearTimeout(timer);
  return why === undefined ? undefined : `nothing is compared with corosync.conf: ${why}`;
}

/** The same as a finding; where the two have been compared, or the mistake is known, there is none. */
export function configFileRemarks({ config }: ClusterState, trouble: string | undefined): readonly Remark[] {
  const isKnown = config.drift !== undefined || config.mistake !== undefined;
  return trouble === undefined || isKnown ? [] : [{ level: 'unknown', text: trouble }];
}

async function troubleOf(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return `${path} is no file`;
    if (stats.size > LARGEST_FILE) return `${path} is too large for a corosync.conf`;
    await access(path, constants.R_OK);
    const { fault } = parseMain(await readFile(path, 'utf8'));
    return fault && `${path} has a mistake in line ${fault.line}: ${fault.reason}`;
  } catch (error) {
    return `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
