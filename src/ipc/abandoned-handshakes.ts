import { orAborted } from './calls/on-abort.ts';
import { sweepWhenServerIsDead, type Handshake } from './leftovers.ts';
import type { SetupSocket } from './setup-socket.ts';

/** So many may wait for the answer of one server; then whoever wants to connect waits, too. */
const MOST_UNANSWERED = 8;
/** corosync answers within milliseconds, or stands still. */
const LONGEST_MS = 10_000;
/** A program that has nothing else to do lives on for so long: an answer is nearly always there by then. */
const STAY_MS = 100;

/** By the path of the server's socket. Of this copy of the library: another thread may have as many, for the limit is only to be some. */
const unanswered = new Map<string, Set<Promise<void>>>();

/**
 * For a caller who gives up after corosync was asked. corosync logs an error if its client is gone by the time that it answers, which
 * libcmap's never is: it cannot be aborted. So the answer is waited for, and then the connection is closed as any other.
 */
export function finishLater(
  handshake: Handshake & { readonly setupPath: string },
  setup: SetupSocket,
  answer: Promise<unknown>,
): void {
  const { setupPath } = handshake;
  const others = unanswered.get(setupPath) ?? new Set();
  unanswered.set(setupPath, others);
  const done = finish(handshake, setup, answer).finally(() => {
    others.delete(done);
    if (others.size === 0) unanswered.delete(setupPath);
  });
  others.add(done);
}

/** Resolves when a server may be asked. Nobody's attempts pile up at a corosync that stands still. */
export async function mayAsk(setupPath: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const others = unanswered.get(setupPath);
    if (others === undefined || others.size < MOST_UNANSWERED) return;
    await orAborted(Promise.race(others), signal);
  }
}

async function finish(handshake: Handshake, setup: SetupSocket, answer: Promise<unknown>): Promise<void> {
  const stay = setTimeout(() => setup.unref(), STAY_MS);
  let giveUp: NodeJS.Timeout | undefined;
  const tooLate = new Promise<false>((resolve) => {
    giveUp = setTimeout(() => resolve(false), LONGEST_MS).unref();
  });
  const isAnswered = answer.then(
    () => true,
    () => false,
  );
  const answered = await Promise.race([isAnswered, tooLate]);
  clearTimeout(stay);
  clearTimeout(giveUp);
  setup.destroy();
  if (!answered) sweepWhenServerIsDead(handshake, false);
}
