import { CONFIG_FILE } from '../../../conf/files.ts';
import { thawCommand } from './cgroups.ts';
import { isSame } from './mounts.ts';
import { namespacesOf, type Namespaces } from './namespaces.ts';
import { nameOfProcess, statusOf, type ProcessStatus } from './process-status.ts';
import type { SystemFiles } from './system-files.ts';

/** A process named corosync that can be seen in /proc. */
export interface CorosyncProcess {
  readonly pid: number;
  readonly status: ProcessStatus;
  /** A signal (SIGSTOP, SIGTSTP) holds it. */
  readonly stopped: boolean;
  /** Who traces it: a debugger, which may hold it, or strace. */
  readonly tracer: Tracer | undefined;
  /** What thaws it, if the freezer of its control group holds it. */
  readonly thaw: string | undefined;
  /** In ms since 1970, to a hundredth of a second. */
  readonly startedAt: number;
  /** `undefined` if we may not look: that takes root, or corosync's own user. */
  readonly namespaces: Namespaces | undefined;
  /** Its root directory as we reach it: empty if it is ours. `undefined` if we may not. */
  readonly root: string | undefined;
  /** As its command line names it. */
  readonly configFile: string;
}

export interface Tracer {
  /** `undefined` if it is in a pid namespace that is not ours to see. */
  readonly pid: number | undefined;
  readonly name: string;
  /** The traced process stands still until the tracer lets it go on. */
  readonly holds: boolean;
}

export function findCorosync(files: SystemFiles): CorosyncProcess[] {
  const pids = (files.names('/proc') ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids
    .sort((one, other) => one - other)
    .filter((pid) => files.text(`/proc/${pid}/comm`) === 'corosync\n')
    .flatMap((pid) => describeProcess(files, pid) ?? []);
}

function describeProcess(files: SystemFiles, pid: number): CorosyncProcess | undefined {
  const status = statusOf(files, pid);
  if (status === undefined || /[ZX]/.test(status.state)) return undefined;
  return {
    pid,
    status,
    stopped: status.state === 'T',
    tracer: tracerOf(files, status),
    thaw: thawCommand(files, pid),
    startedAt: startOf(files, pid),
    namespaces: namespacesOf(files, pid),
    root: rootOf(files, pid),
    configFile: configFileOf(files.text(`/proc/${pid}/cmdline`) ?? ''),
  };
}

function tracerOf(files: SystemFiles, { tracer, state }: ProcessStatus): Tracer | undefined {
  const holds = state === 't';
  if (tracer === 0) return holds ? { pid: undefined, name: 'outside of this container', holds } : undefined;
  return { pid: tracer, name: nameOfProcess(files, tracer), holds };
}

function rootOf(files: SystemFiles, pid: number): string | undefined {
  const root = `/proc/${pid}/root`;
  if (files.stat(root) !== undefined) return root;
  return isSame(files, { pid, path: '/' }, '/') === true ? '' : undefined;
}

/** Since the machine started, in clock ticks of 10 ms; the name before it may have spaces and brackets. */
function startOf(files: SystemFiles, pid: number): number {
  const fields = (files.text(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /s, '').split(' ');
  const boot = /^btime (\d+)$/m.exec(files.text('/proc/stat') ?? '')?.[1];
  return Number(boot) * 1000 + Number(fields[19]) * 10;
}

/** corosync's getopt string is "c:ftv"; uidgid.d lies beside the file. */
function configFileOf(commandLine: string): string {
  const words = commandLine.split('\0');
  const at = words.findIndex((word, index) => index > 0 && /^-[ftv]*c/.test(word));
  const attached = words[at]?.replace(/^-[ftv]*c/, '');
  const file = attached === '' ? words[at + 1] : attached;
  return file !== undefined && /^\/[^\0-\x1f\x7f]+$/.test(file) ? file : CONFIG_FILE;
}
