import { isFirstPidNamespace } from '../../system/namespaces.ts';
import { note, type Remark } from '../../finding.ts';
import type { Surroundings } from '../../surroundings.ts';
import { shellWord } from '../../shell-word.ts';

/** libqb's servers have their pid in the names: directories of connections, and flight recorders. */
const NAMES = [
  /^(?<start>qb-(?<pid>\d+)-)\d+-\d+-[A-Za-z0-9]{6}$/,
  /^(?<start>qb-[a-z][\w-]*-(?<pid>\d+)-)blackbox-(?:header|data)$/,
];
const SHOWN = 5;

/** What servers that died have left in shared memory. Nobody else removes it, and a flight recorder is 8 MB. */
export function findLeftovers(surroundings: Surroundings): Remark[] {
  if (!pidsMeanSomething(surroundings)) return [];
  const { files, sharedMemoryDirectory } = surroundings;
  const dead = (files.names(sharedMemoryDirectory) ?? []).flatMap((name) => {
    const { start, pid } =
      NAMES.map((pattern) => pattern.exec(name)?.groups).find((groups) => groups !== undefined) ?? {};
    return start !== undefined && files.stat(`/proc/${pid}`) === undefined ? [start] : [];
  });
  if (dead.length === 0) return [];
  const patterns = [...new Set(dead)].sort().map((start) => `${shellWord(sharedMemoryDirectory)}/${start}*`);
  const more = patterns.length > SHOWN ? ' ...' : '';
  return [
    note(
      'leftovers',
      `${sharedMemoryDirectory}: ${dead.length} leftovers of servers that are gone`,
      `unless a container uses this directory, too: rm -r ${patterns.slice(0, SHOWN).join(' ')}${more}`,
    ),
  ];
}

/** A pid that is not ours to see would look dead; /proc may show other users' processes to root only. */
function pidsMeanSomething({ namespaces, processes, sharedMemoryDirectory, user }: Surroundings): boolean {
  if (user.effective.uid !== 0 || namespaces === undefined || sharedMemoryDirectory.startsWith('/proc/'))
    return false;
  if (processes.length === 0) return isFirstPidNamespace(namespaces);
  return processes.every((process) => process.namespaces?.pid === namespaces.pid);
}
