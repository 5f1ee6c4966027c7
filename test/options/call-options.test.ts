import { describe, expect, it } from 'vitest';
import { CallLimits, checkCallOptions, type CallOptions } from '../../src/options/call-options.ts';

const DEFAULTS = new CallLimits(30_000);
const check = (options: unknown, key?: string): CallLimits =>
  checkCallOptions(options as CallOptions | undefined, DEFAULTS, 'cmap_get', key);
const refused = (message: string): unknown =>
  expect.objectContaining({
    name: 'CsError',
    code: 'CS_ERR_INVALID_PARAM',
    operation: 'cmap_get',
    key: 'a.b',
    message: expect.stringContaining(message) as string,
  });

describe('checkCallOptions', () => {
  it('makes nothing new where there are no options, or limits that have been checked', () => {
    expect(check(undefined)).toBe(DEFAULTS);
    const limits = new CallLimits(5, new AbortController().signal);
    expect(check(limits)).toBe(limits);
    expect(Object.isFrozen(limits)).toBe(true);
  });

  it.each([
    [{}, 30_000],
    [{ timeoutMs: undefined, signal: undefined }, 30_000],
    [{ timeoutMs: 0 }, 0],
    [{ timeoutMs: 0.5 }, 0.5],
    [{ timeoutMs: Infinity }, Infinity],
    [Object.create({ timeoutMs: 5 }), 5],
    [Object.assign(Object.create(null), { timeoutMs: 5 }), 5],
  ])('%o is %d', (options, timeoutMs) => {
    const limits = check(options);
    expect(limits).toEqual(new CallLimits(timeoutMs));
    expect(Object.isFrozen(limits)).toBe(true);
  });

  it.each([-1, NaN, -Infinity, '5', 5n, true, {}, null])('%o is no time', (timeoutMs) => {
    const message = 'it must be a number of milliseconds from 0 on, or Infinity';
    expect(() => check({ timeoutMs }, 'a.b')).toThrow(refused(message));
    expect(() => check({ timeoutMs }, 'a.b')).toThrow('options.timeoutMs is ');
  });

  it.each([5, null, 'a string', () => undefined])('%o is no object', (options) => {
    expect(() => check(options, 'a.b')).toThrow(refused('it must be an object with signal, timeoutMs'));
  });

  it('refuses options of other names, and says which there are', () => {
    expect(() => check({ timeout: 5 }, 'a.b')).toThrow(
      refused('options.timeout is unknown; a call has signal, timeoutMs'),
    );
  });

  it('reads each option once', () => {
    const read: string[] = [];
    const { signal } = new AbortController();
    const options = {
      get timeoutMs(): number {
        return read.push('timeoutMs');
      },
      get signal(): AbortSignal {
        read.push('signal');
        return signal;
      },
    };
    expect(check(options)).toEqual(new CallLimits(read.indexOf('timeoutMs') + 1, signal));
    expect(read.sort()).toEqual(['signal', 'timeoutMs']);
  });
});

describe('CallLimits.restSince', () => {
  it('is what is left of the time, and nothing below 0', () => {
    const { signal } = new AbortController();
    const rest = (timeoutMs: number, passedMs: number): CallLimits =>
      new CallLimits(timeoutMs, signal).restSince(performance.now() - passedMs);
    expect(rest(Infinity, 5)).toEqual(new CallLimits(Infinity, signal));
    expect(rest(5, 6)).toEqual(new CallLimits(0, signal));
    expect(rest(10_000, 0).timeoutMs).toBeGreaterThan(0);
    expect(rest(10_000, 4000).timeoutMs).toBeLessThanOrEqual(6000);
  });
});
