import type { SystemFiles } from './system-files.ts';

export const NAMESPACES = ['net', 'ipc', 'mnt', 'pid', 'user'] as const;

/** What /proc/PID/ns names: equal texts are the same namespace. */
export type Namespaces = Readonly<Record<(typeof NAMESPACES)[number], string>>;

/** The first pid namespace of a machine has a fixed number in Linux (PROC_PID_INIT_INO). */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

export const CONFIG_FILE = '/etc/corosync/corosync.conf';

/** A process named corosync that can be seen in /proc. */
export interface CorosyncProcess {
  readonly pid: number;
  /** Its effective uid; the kernel shows us another one than 0 if it is root outside of our user namespace. */
  readonly uid: number;
  /** SIGSTOP, or a debugger, holds it. */
  readonly stopped: boolean;
  /** `undefined` if we may not look: that takes root, or corosync's own user. */
  readonly namespaces: Namespaces | undefined;
  /** Its root directory as we reach it. `undefined` if we may not. */
  readonly root: string | undefined;
  /** As its command line names it. */
  readonly configFile: string;
}

export function findCorosync(files: SystemFiles): CorosyncProcess[] {
  const pids = (files.names('/proc') ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids
    .sort((one, other) => one - other)
    .filter((pid) => files.text(`/proc/${pid}/comm`) === 'corosync\n')
    .flatMap((pid) => describeProcess(files, pid) ?? []);
}

function describeProcess(files: SystemFiles, pid: number): CorosyncProcess | undefined {
  const status = files.text(`/proc/${pid}/status`) ?? '';
  const state = /^State:\s*(\w)/m.exec(status)?.[1];
  if (state === undefined || /[ZX]/.test(state)) return undefined;
  const root = `/proc/${pid}/root`;
  return {
    pid,
    uid: Number(/^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1]),
    stopped: /[Tt]/.test(state),
    namespaces: namespacesOf(files, pid),
    root: files.stat(root) === undefined ? undefined : root,
    configFile: configFileOf(files.text(`/proc/${pid}/cmdline`) ?? ''),
  };
}

export function namespacesOf(files: SystemFiles, pid: number | 'self'): Namespaces | undefined {
  const entries = NAMESPACES.map((kind) => [kind, files.link(`/proc/${pid}/ns/${kind}`)] as const);
  if (entries.some(([, name]) => name === undefined)) return undefined;
  return Object.fromEntries(entries) as Namespaces;
}

export function isFirstPidNamespace(namespaces: Namespaces | undefined): boolean {
  return namespaces?.pid === FIRST_PID_NAMESPACE;
}

/** corosync's getopt string is "c:ftv"; uidgid.d lies beside the file. */
function configFileOf(commandLine: string): string {
  const words = commandLine.split('\0');
  const at = words.findIndex((word, index) => index > 0 && /^-[ftv]*c/.test(word));
  const attached = words[at]?.replace(/^-[ftv]*c/, '');
  const file = attached === '' ? words[at + 1] : attached;
  return file !== undefined && /^\/[^\0-\x1f\x7f]+$/.test(file) ? file : CONFIG_FILE;
}
