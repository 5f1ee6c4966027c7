import type { SystemFiles } from './system-files.ts';

/** What `/proc/PID/status` tells: every user may read it of every process, unless /proc hides them. */
export interface ProcessStatus {
  /** One letter, as ps shows it: S sleeps, T is stopped by a signal, t held by a tracer, D waits in the kernel, Z is dead. */
  readonly state: string;
  /** As our user namespace counts them. */
  readonly uid: number;
  readonly gid: number;
  /** CapEff, a bit for each. */
  readonly capabilities: bigint;
  /** The pid of who traces it, a debugger or strace; 0 if nobody does, or somebody in a pid namespace that is not ours to see. */
  readonly tracer: number;
  /** VmSize, in bytes: what RLIMIT_AS limits. */
  readonly addressSpace: number;
  /** A seccomp filter looks at its system calls. */
  readonly filtered: boolean;
}

/** The effective ids. `undefined`: there is no such process, or it is not for us to see. */
export function statusOf(files: SystemFiles, pid: number | 'self'): ProcessStatus | undefined {
  const text = files.text(`/proc/${pid}/status`) ?? '';
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1];
  const state = field('State')?.[0];
  if (state === undefined) return undefined;
  return {
    state,
    uid: effective(field('Uid')),
    gid: effective(field('Gid')),
    capabilities: BigInt(`0x${/^[0-9a-f]+$/.exec(field('CapEff') ?? '')?.[0] ?? '0'}`),
    tracer: Number(field('TracerPid') ?? 0),
    addressSpace: parseInt(field('VmSize') ?? '0', 10) * 1024,
    filtered: field('Seccomp') === '2',
  };
}

/** As ps shows it; `?` if it cannot be seen. */
export function nameOfProcess(files: SystemFiles, pid: number): string {
  return files.text(`/proc/${pid}/comm`)?.trimEnd() ?? '?';
}

/**
 * It is gone, or on its way: the kernel takes a process's memory before it closes its sockets, and shows the process until
 * its parent asks.
 */
export function hasEnded(files: SystemFiles, pid: number): boolean {
  if (files.trouble(`/proc/${pid}`) === 'ENOENT') return true;
  const text = files.text(`/proc/${pid}/status`);
  return text !== undefined && !/^VmSize:/m.test(text);
}

function effective(ids: string | undefined): number {
  return Number(ids?.split(/\s+/)[1]);
}

/** Linux's numbers of the capabilities that a server of libqb needs for clients that are not its own user. */
const CAPABILITIES = { CHOWN: 0n, DAC_OVERRIDE: 1n, FOWNER: 3n } as const;
export type Capability = keyof typeof CAPABILITIES;

export function missingCapabilities({ capabilities }: ProcessStatus): Capability[] {
  const names = Object.keys(CAPABILITIES) as Capability[];
  return names.filter((name) => (capabilities & (1n << CAPABILITIES[name])) === 0n);
}
