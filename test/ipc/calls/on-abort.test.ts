import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { onAbort, orAborted } from '../../../src/ipc/calls/on-abort.ts';
import { foreignSignal } from '../../helpers/foreign-signal.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  const onWarning = vi.fn();
  afterEach(() => {
    process.off('warning', onWarning);
    onWarning.mockClear();
  });

  it('calls back once for each', () => {
    const abort = new AbortController();
    const callbacks = [vi.fn(), vi.fn(), vi.fn()];
    for (const callback of callbacks) onAbort(abort.signal, callback);
    abort.abort();
    for (const callback of callbacks) expect(callback).toHaveBeenCalledTimes(1);
    expect(listeners(abort.signal)).toBe(0);
  });

  it('calls nobody who has stopped, and leaves nothing when the last has', () => {
    const abort = new AbortController();
    const [first, second] = [vi.fn(), vi.fn()];
    const stopFirst = onAbort(abort.signal, first);
    const stopSecond = onAbort(abort.signal, second);
    stopFirst();
    stopFirst();
    expect(listeners(abort.signal)).toBe(1);
    stopSecond();
    expect(listeners(abort.signal)).toBe(0);
    abort.abort();
    expect(first).not.toHaveBeenCalled();
    expect(second).not.toHaveBeenCalled();
  });

  it('works again for a signal that was left alone meanwhile', () => {
    const abort = new AbortController();
    const stop = onAbort(abort.signal, () => undefined);
    stop();
    const callback = vi.fn();
    onAbort(abort.signal, callback);
    stop();
    abort.abort();
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('survives callbacks that stop themselves and each other', () => {
    const abort = new AbortController();
    const stops: (() => void)[] = [];
    const called: number[] = [];
    for (let i = 0; i < 4; i++) {
      const callback = (): void => {
        called.push(i);
        stops[i]?.();
        stops[3]?.();
      };
      stops.push(onAbort(abort.signal, callback));
    }
    abort.abort();
    expect(called).toEqual([0, 1, 2]);
  });

  it('lets a thousand calls share a signal without a warning of Node', async () => {
    process.on('warning', onWarning);
    const abort = new AbortController();
    for (let i = 0; i < 1000; i++) onAbort(abort.signal, () => undefined);
    expect(listeners(abort.signal)).toBe(1);
    await turn();
    expect(onWarning).not.toHaveBeenCalled();
  });

  it('gives the reason, read once, to all', () => {
    const [one, other] = [vi.fn(), vi.fn()];
    const reason = vi.fn(() => 'enough');
    const signal = Object.defineProperty(foreignSignal(), 'reason', { get: reason });
    for (const callback of [one, other]) onAbort(signal, callback);
    signal.dispatchEvent(new Event('abort'));
    expect([one.mock.calls, other.mock.calls]).toEqual([[['enough']], [['enough']]]);
    expect(reason).toHaveBeenCalledTimes(1);
  });
});

describe('onAbort never throws, whatever the signal does', () => {
  const mistake = new Error('a mistake of the signal');
  const fail = (): never => {
    throw mistake;
  };

  it('one that cannot be listened to has aborted, and is asked again the next time', () => {
    const callback = vi.fn();
    const addEventListener = vi.fn(fail);
    const signal = foreignSignal({ addEventListener });
    onAbort(signal, callback)();
    onAbort(signal, callback)();
    expect(callback.mock.calls).toEqual([[mistake], [mistake]]);
    expect(addEventListener).toHaveBeenCalledTimes(2);
  });

  it('one that does not let go calls nobody later', () => {
    const callback = vi.fn();
    const signal = foreignSignal({ removeEventListener: fail });
    onAbort(signal, callback)();
    signal.dispatchEvent(new Event('abort'));
    expect(callback).not.toHaveBeenCalled();
  });

  it('one that calls its listener at once has aborted, and may be listened to again', () => {
    const callback = vi.fn();
    const signal = foreignSignal({
      reason: 'now',
      addEventListener: (_name: string, listener: () => void) => listener(),
    });
    onAbort(signal, callback);
    onAbort(signal, callback);
    expect(callback.mock.calls).toEqual([['now'], ['now']]);
  });

  it('one whose reason cannot be read aborts with what its getter has thrown', () => {
    const [one, other] = [vi.fn(), vi.fn()];
    const signal = Object.defineProperty(foreignSignal(), 'reason', { get: fail });
    for (const callback of [one, other]) onAbort(signal, callback);
    signal.dispatchEvent(new Event('abort'));
    expect([one.mock.calls, other.mock.calls]).toEqual([[[mistake]], [[mistake]]]);
  });
});

describe('orAborted', () => {
  it('is the promise, and leaves the signal alone', async () => {
    const { signal } = new AbortController();
    const refused = new Error('refused');
    expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(orAborted(Promise.reject(refused), signal)).rejects.toBe(refused);
    expect(listeners(signal)).toBe(0);
  });

  it('ends with the signal, whatever its reason; the promise goes on', async () => {
    const abort = new AbortController();
    let resolve: (value: number) => void = () => undefined;
    const promise = new Promise<number>((resolveIt) => (resolve = resolveIt));
    const waiting = orAborted(promise, abort.signal);
    abort.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    await expect(orAborted(promise, abort.signal)).rejects.toBe('enough');
    expect(listeners(abort.signal)).toBe(0);
    resolve(7);
    expect(await promise).toBe(7);
  });
});
