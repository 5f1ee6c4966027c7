const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How long an orderly end may take once it was asked for: the reader of our output may never read again. */
const PATIENCE_MS = 2000;

/**
 * Runs until the work ends or a signal asks for it. The work then sees its AbortSignal, and what it throws because of that is
 * no error. A second signal ends the process at once, as without us.
 * @param patienceMs Infinity: the end takes as long as it takes, because what is not done by then would be lost
 */
export async function untilSignalled(
  work: (signal: AbortSignal) => Promise<void>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => {
    unlisten(stop);
    controller.abort();
    if (patienceMs < Infinity) setTimeout(() => process.exit(0), patienceMs).unref();
  };
  for (const name of STOP_SIGNALS) process.on(name, stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted || !isAbort(error)) throw error;
  } finally {
    unlisten(stop);
  }
}

function unlisten(stop: () => void): void {
  for (const name of STOP_SIGNALS) process.off(name, stop);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause));
}
