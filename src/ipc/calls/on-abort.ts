import { reasonOf } from '../../options/signals.ts';

type Callback = (reason: unknown) => void;

/** The callbacks of one signal, behind one listener. */
class AbortGroup {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<Callback>();
  readonly #listener = (): void => this.#end(reasonOf(this.#signal));

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** With the first callback. */
  listen(callback: Callback): void {
    this.#callbacks.add(callback);
    groups.set(this.#signal, this);
    try {
      this.#signal.addEventListener('abort', this.#listener, { once: true });
    } catch (error) {
      this.#end(error);
    }
  }

  add(callback: Callback): void {
    this.#callbacks.add(callback);
  }

  remove(callback: Callback): void {
    if (!this.#callbacks.delete(callback) || this.#callbacks.size > 0) return;
    groups.delete(this.#signal);
    try {
      this.#signal.removeEventListener('abort', this.#listener);
    } catch {
      // It keeps a listener that does nothing: no reason to fail a call that is over.
    }
  }

  #end(reason: unknown): void {
    groups.delete(this.#signal);
    for (const callback of this.#callbacks) callback(reason);
    this.#callbacks.clear();
  }
}

/** Of this copy of the library: another one has a listener of its own, which does no harm. */
const groups = new WeakMap<AbortSignal, AbortGroup>();

/**
 * Calls back once, with the reason, when `signal` aborts, and returns how to stop that. However many calls share a signal, it gets one
 * listener: Node warns of a leak from the eleventh on, and pipelined calls are many. The listener goes with the last callback.
 * Never throws: a signal that cannot be listened to counts as one that aborts at once, with what it has thrown as the reason.
 */
export function onAbort(signal: AbortSignal, callback: Callback): () => void {
  const known = groups.get(signal);
  const group = known ?? new AbortGroup(signal);
  if (known === undefined) group.listen(callback);
  else group.add(callback);
  return () => group.remove(callback);
}

/** Waits for a promise, or rejects with the reason of the signal; the promise itself goes on. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stopWatching: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject);
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason may be anything
      const giveUp = (reason: unknown): void => reject(reason);
      if (signal.aborted) giveUp(signal.reason);
      else stopWatching = onAbort(signal, giveUp);
    });
  } finally {
    stopWatching?.();
  }
}
