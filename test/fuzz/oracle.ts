import { CsError } from '../../src/errors/index.ts';
import { vi } from 'vitest';

/** The largest buffer that the client may make in one piece: its windows on the rings. */
const LARGEST_BUFFER = 256 * 1024;

/** Nothing but our own errors may come out of the client, whatever goes in. */
export function isOurs(error: unknown): boolean {
  return error instanceof CsError;
}

export function decodesOrRefuses(action: () => void): 'done' | 'refused' {
  try {
    action();
    return 'done';
  } catch (error) {
    if (isOurs(error)) return 'refused';
    throw error;
  }
}

/** Looks at a call's outcome, from now on: what it was rejected with, or undefined. */
export function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Every call must settle, with a value or our error. */
export async function allSettle(failures: readonly Promise<unknown>[]): Promise<void> {
  const foreign = (await Promise.all(failures)).filter((error) => error !== undefined && !isOurs(error));
  if (foreign.length > 0)
    throw new Error('a call failed with what is no error of ours', { cause: foreign[0] });
}

/** Runs it, and fails if it has asked for a buffer larger than any that the client needs. */
export async function inBoundedMemory<T>(action: () => Promise<T> | T): Promise<T> {
  const spies = [vi.spyOn(Buffer, 'alloc'), vi.spyOn(Buffer, 'allocUnsafe')];
  try {
    const result = await action();
    const sizes = spies.flatMap((spy) => spy.mock.calls.map(([size]) => size));
    const largest = Math.max(0, ...sizes);
    if (largest > LARGEST_BUFFER) throw new Error(`a buffer of ${largest} bytes was made`);
    return result;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Collects what nobody has handled while a test runs: that, too, must be nothing. */
export class UnhandledErrors implements Disposable {
  readonly seen: unknown[] = [];
  readonly #note = (error: unknown): void => void this.seen.push(error);

  constructor() {
    process.on('unhandledRejection', this.#note);
    process.on('uncaughtExceptionMonitor', this.#note);
  }

  check(): void {
    if (this.seen.length > 0) throw new Error('an error that nobody handled', { cause: this.seen[0] });
  }

  [Symbol.dispose](): void {
    process.off('unhandledRejection', this.#note);
    process.off('uncaughtExceptionMonitor', this.#note);
  }
}
