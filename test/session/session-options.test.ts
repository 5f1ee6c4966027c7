import { describe, expect, it } from 'vitest';
import { resolveBackOff } from '../../src/session/session-options.ts';

describe('the delays between attempts', () => {
  it('have defaults, the first no longer than the longest', () => {
    expect(resolveBackOff()).toEqual({ firstDelayMs: 100, maxDelayMs: 10_000, deniedDelayMs: 60_000 });
    expect(resolveBackOff({ maxDelayMs: 50 })).toMatchObject({ firstDelayMs: 50, maxDelayMs: 50 });
    expect(resolveBackOff({ maxDelayMs: 5000 })).toMatchObject({ firstDelayMs: 100 });
  });

  it('are refused where the first is longer than the longest', () => {
    expect(resolveBackOff({ firstDelayMs: 70, maxDelayMs: 70 })).toMatchObject({ firstDelayMs: 70 });
    expect(() => resolveBackOff({ firstDelayMs: 71, maxDelayMs: 70 })).toThrow(
      expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM', operation: 'session' }),
    );
  });
});
