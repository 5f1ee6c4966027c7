import type { SystemFiles } from './system-files.ts';

export const NAMESPACES = ['net', 'ipc', 'mnt', 'pid', 'user'] as const;

/** What /proc/PID/ns names: equal texts are the same namespace. */
export type Namespaces = Readonly<Record<(typeof NAMESPACES)[number], string>>;

/** The first pid namespace of a machine has a fixed number in Linux (PROC_PID_INIT_INO). */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

export function namespacesOf(files: SystemFiles, pid: number | 'self'): Namespaces | undefined {
  const entries = NAMESPACES.map((kind) => [kind, files.link(`/proc/${pid}/ns/${kind}`)] as const);
  if (entries.some(([, name]) => name === undefined)) return undefined;
  return Object.fromEntries(entries) as Namespaces;
}

export function isFirstPidNamespace(namespaces: Namespaces | undefined): boolean {
  return namespaces?.pid === FIRST_PID_NAMESPACE;
}
