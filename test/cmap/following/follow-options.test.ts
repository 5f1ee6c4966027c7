import { describe, expect, it } from 'vitest';
import { resolveFollowOptions } from '../../../src/cmap/following/follow-options.ts';

const invalid: unknown = expect.objectContaining({
  name: 'CsError',
  code: 'CS_ERR_INVALID_PARAM',
  operation: 'follow',
});

describe('what to follow', () => {
  it('covers no key that crashes corosync while it is tracked, unless that is asked for', () => {
    for (const key of ['', 'quorum.', 'runtime.force_']) {
      const follow = (coverCrashingKeys?: boolean): unknown =>
        resolveFollowOptions(key, { prefix: true, coverCrashingKeys }, 'icmap');
      expect(() => follow()).toThrow(invalid);
      expect(() => follow(false)).toThrow(invalid);
      expect(follow(true)).toMatchObject({ key, prefix: true });
    }
  });

  it('may be any prefix of the stats map, where nobody sets a key', () => {
    expect(resolveFollowOptions('', { prefix: true }, 'stats')).toMatchObject({ key: '', prefix: true });
  });

  it('is refused by the name of what is wrong', () => {
    const follow = (): unknown => resolveFollowOptions('a.', { maxQueued: 0 }, 'icmap');
    expect(follow).toThrow(expect.objectContaining({ operation: 'follow', key: 'a.' }));
    expect(follow).toThrow('maxQueued');
  });
});
