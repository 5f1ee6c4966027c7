import { describe, expect, it } from 'vitest';
import { abortSignal, isAborted, reasonOf, throwIfAborted } from '../../src/options/signals.ts';
import { foreignSignal } from '../helpers/foreign-signal.ts';

const aborted = (reason?: unknown): AbortSignal => AbortSignal.abort(reason);

describe('abortSignal', () => {
  it('takes one, and whatever has all of it that is used', () => {
    for (const signal of [new AbortController().signal, aborted(), AbortSignal.timeout(1), foreignSignal()])
      expect(abortSignal('options.signal', signal)).toBe(signal);
  });

  it.each([
    undefined,
    null,
    5,
    'signal',
    {},
    () => undefined,
    new EventTarget(),
    new AbortController(),
    foreignSignal({ addEventListener: undefined }),
    foreignSignal({ removeEventListener: undefined }),
    foreignSignal({ aborted: undefined }),
    foreignSignal({ aborted: 1 }),
  ])('refuses %o', (signal) => {
    expect(() => abortSignal('options.signal', signal)).toThrow('it must be an AbortSignal');
  });
});

describe('what is asked of a signal never throws, but for its reason', () => {
  const thrown = new Error('a getter');
  const throws = {
    get: (): never => {
      throw thrown;
    },
  };

  it('reasonOf', () => {
    expect(reasonOf(aborted('enough'))).toBe('enough');
    expect(reasonOf(foreignSignal({ reason: undefined }))).toMatchObject({ name: 'AbortError' });
    expect(reasonOf(Object.defineProperty(foreignSignal(), 'reason', throws))).toBe(thrown);
  });

  it('isAborted', () => {
    expect([undefined, new AbortController().signal, aborted()].map(isAborted)).toEqual([false, false, true]);
    expect(isAborted(Object.defineProperty(foreignSignal(), 'aborted', throws))).toBe(false);
  });

  it('throwIfAborted', () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
    expect(() => throwIfAborted(aborted(thrown))).toThrow(thrown);
    expect(() => throwIfAborted(foreignSignal({ aborted: true, reason: thrown }))).toThrow(thrown);
  });
});
