import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { onAbort } from '../../../src/ipc/calls/on-abort.ts';

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
});
