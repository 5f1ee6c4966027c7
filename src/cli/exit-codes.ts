export const EXIT = {
  ok: 0,
  /** What was asked for could not be done, or not all of it: a key is missing or read-only, corosync went away. */
  failed: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** No connection to corosync. */
  noConnection: 3,
  /** All was told, and it is not as it should be: the cluster is not quorate, a link is not connected. */
  trouble: 4,
} as const;

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** No connection to corosync; the cause says why. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
}
