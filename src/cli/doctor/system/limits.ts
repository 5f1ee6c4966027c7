import type { SystemFiles } from './system-files.ts';

/** Soft limits of a process, from `/proc/PID/limits`. */
export interface Limits {
  /** RLIMIT_NOFILE. */
  readonly openFiles: number;
  /** RLIMIT_FSIZE, in bytes: who makes a file larger gets SIGXFSZ, and dies of it unless that is ignored. */
  readonly fileSize: number;
  /** RLIMIT_AS, in bytes. */
  readonly addressSpace: number;
}

export function limitsOf(files: SystemFiles, pid: number | 'self'): Limits {
  const text = files.text(`/proc/${pid}/limits`) ?? '';
  const soft = (name: string): number => {
    const value = new RegExp(`^${name} +(\\d+)`, 'm').exec(text)?.[1];
    return value === undefined ? Infinity : Number(value);
  };
  return {
    openFiles: soft('Max open files'),
    fileSize: soft('Max file size'),
    addressSpace: soft('Max address space'),
  };
}

/** How many descriptors a process has; `undefined` where that takes root, before Linux 6.2. */
export function openFiles(files: SystemFiles, pid: number | 'self'): number | undefined {
  const directory = `/proc/${pid}/fd`;
  const size = files.stat(directory)?.size ?? 0;
  return files.names(directory)?.length ?? (size > 0 ? size : undefined);
}
