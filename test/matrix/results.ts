/**
 * How corosync and its clients talk: `system.qb_ipc_type` of corosync.conf, and for `shm+files` libqb's
 * /etc/libqb/force-filesystem-sockets, which puts the setup socket in the file system.
 */
export type Transport = 'shm' | 'shm+files' | 'socket';

/** What corosync.conf says of it. */
export function ipcTypeOf(transport: Transport): 'shm' | 'socket' {
  return transport === 'socket' ? 'socket' : 'shm';
}

export interface CheckResult {
  readonly name: string;
  readonly ms: number;
  /** Why it failed; absent if it passed. */
  readonly error?: string;
}

/** What a cell's process tells. */
export interface CellReport {
  /** As the runtime itself states it: `Node 20.20.2`. */
  readonly runtime: string;
  /** Why there is no connection to be had at all; then there are no checks. */
  readonly cannotConnect?: string;
  readonly checks: readonly CheckResult[];
}

/** A Debian release with what is installed in it. */
export interface ReleaseVersions {
  readonly release: string;
  readonly corosync: string;
  readonly libqb: string;
}

export interface CellResult extends ReleaseVersions, CellReport {
  readonly transport: Transport;
  /** The column: `node-20`, `bun`. */
  readonly column: string;
  readonly seconds: number;
  /** The cell's process crashed, or did not end by itself. */
  readonly broken?: string;
}

/** What a release's server says, whoever asks. */
export interface ServerResult extends ReleaseVersions {
  readonly transport: Transport;
  /** Names of golden exchanges that this server answers differently, with the first difference. */
  readonly goldens: { readonly same: number; readonly different: readonly string[] };
  /** Keys of a fresh single node with their types, without what differs from start to start. */
  readonly keys: readonly string[];
}

export interface MatrixResult {
  readonly cells: readonly CellResult[];
  readonly servers: readonly ServerResult[];
}
