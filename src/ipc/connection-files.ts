/** Where a connection's files are, and who has made them. */
export interface ConnectionFiles {
  /** Is there as long as the rest is. */
  readonly path: string;
  readonly serverPid: number;
  /** Ours, as the server sees it: another number, or 0, from another pid namespace. */
  readonly clientPid: number;
}

/** Whether there is such a process in our pid namespace. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
