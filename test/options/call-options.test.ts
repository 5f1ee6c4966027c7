import { describe, expect, it } from 'vitest';
import { timeoutOf } from '../../src/options/call-options.ts';

describe('timeoutOf', () => {
  it.each([
    [undefined, 30_000],
    [{}, 30_000],
    [{ timeoutMs: undefined }, 30_000],
    [{ timeoutMs: 0 }, 0],
    [{ timeoutMs: 0.5 }, 0.5],
    [{ timeoutMs: Infinity }, Infinity],
  ])('%o is %d', (options, timeoutMs) => {
    expect(timeoutOf(options, 30_000, 'cmap_get')).toBe(timeoutMs);
  });

  it.each([-1, NaN, -Infinity, '5', 5n, true, {}])('%o is refused', (timeoutMs) => {
    expect(() => timeoutOf({ timeoutMs: timeoutMs as never }, 30_000, 'cmap_get')).toThrow(
      expect.objectContaining({ name: 'CsError', code: 'CS_ERR_INVALID_PARAM', operation: 'cmap_get' }),
    );
  });

  it.each([null, 5, 'signal', {}])('the signal %o is refused', (signal) => {
    expect(() => timeoutOf({ signal: signal as never }, 30_000, 'cmap_get', 'a.b')).toThrow(
      expect.objectContaining({ name: 'CsError', code: 'CS_ERR_INVALID_PARAM', key: 'a.b' }),
    );
  });

  it('refuses options of other names', () => {
    const misspelt = { timeout: 5 } as never;
    expect(() => timeoutOf(misspelt, 30_000, 'cmap_get', 'a.b')).toThrow(
      /cmap_get "a\.b".*CS_ERR_INVALID_PARAM.*there is no option "timeout"; there are signal, timeoutMs/,
    );
  });
});
