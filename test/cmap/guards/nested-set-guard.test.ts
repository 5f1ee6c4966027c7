import { afterEach, describe, expect, it } from 'vitest';
import { crashingKeysOf, noteChange, noteTracker } from '../../../src/cmap/guards/nested-set-guard.ts';

const SERVER = '/run/cmap';
const DEADLY = ['runtime.force_gather', 'quorum.cancel_wait_for_all'];
const forgets: (() => void)[] = [];

const note = (prefix: string, server = SERVER): (() => void) => {
  const forget = noteTracker(server, prefix, true);
  forgets.push(forget);
  return forget;
};
/** Makes the change, and has its answer at once. */
const check = (key: string, server = SERVER): void => noteChange('cmap_set', server, key)?.();
const refusal: unknown = expect.objectContaining({ code: 'CS_ERR_BUSY', operation: 'cmap_set' });

afterEach(() => {
  for (const forget of forgets.splice(0)) forget();
});

describe('a change that would crash corosync', () => {
  it.each(DEADLY)('of %s is allowed while nobody tracks a prefix of it', (key) => {
    note('nodelist.');
    note(`${key}.more`);
    expect(() => check(key)).not.toThrow();
  });

  it.each(DEADLY)('of %s is refused while any prefix of it is tracked', (key) => {
    for (const prefix of ['', key.slice(0, 3), key]) {
      const forget = note(prefix);
      expect(() => check(key)).toThrow(refusal);
      forget();
      expect(() => check(key)).not.toThrow();
    }
  });

  it('is refused until the last of equal trackers is gone', () => {
    const [first, second] = [note('quorum.'), note('quorum.')];
    first();
    first();
    expect(() => check('quorum.cancel_wait_for_all')).toThrow(refusal);
    second();
    expect(() => check('quorum.cancel_wait_for_all')).not.toThrow();
  });

  it('concerns that corosync only', () => {
    note('', '/run/other');
    expect(() => check('runtime.force_gather')).not.toThrow();
  });

  it('is not mistaken for others', () => {
    note('');
    for (const key of ['runtime.force_gather2', 'runtime.force', 'totem.token']) {
      expect(() => check(key)).not.toThrow();
    }
  });

  it('names the tracked prefix', () => {
    note('runtime.');
    expect(() => check('runtime.force_gather')).toThrow(/"runtime\."/);
  });
});

describe('a tracker of one key', () => {
  const noteExact = (key: string): (() => void) => {
    const forget = noteTracker(SERVER, key, false);
    forgets.push(forget);
    return forget;
  };

  it('forbids the change of the key whose own trackers are told too late, and no other', () => {
    const forget = noteExact('runtime.force_gather');
    expect(() => check('runtime.force_gather')).toThrow(refusal);
    expect(() => check('quorum.cancel_wait_for_all')).not.toThrow();
    forget();
    expect(() => check('runtime.force_gather')).not.toThrow();
  });

  it.each(['quorum.cancel_wait_for_all', 'runtime.', ''])('%j forbids nothing', (key) => {
    noteExact(key);
    for (const deadly of DEADLY) expect(() => check(deadly)).not.toThrow();
  });
});

describe('what a tracker must not see changing', () => {
  it.each([
    ['', true, DEADLY],
    ['runtime.', true, ['runtime.force_gather']],
    ['quorum.cancel_wait_for_all', true, ['quorum.cancel_wait_for_all']],
    ['nodelist.', true, []],
    ['runtime.force_gather', false, ['runtime.force_gather']],
    ['quorum.cancel_wait_for_all', false, []],
    ['runtime.', false, []],
  ] as const)('of %j, a prefix: %s', (prefix, isPrefix, keys) => {
    expect(crashingKeysOf(prefix, isPrefix)).toEqual(keys);
  });
});

describe('a tracker at which corosync would crash', () => {
  const busy: unknown = expect.objectContaining({ code: 'CS_ERR_BUSY', operation: 'cmap_track_add' });

  it.each(DEADLY)('is refused while a change of %s is under way, once or twice', (key) => {
    const [first, second] = [noteChange('cmap_set', SERVER, key), noteChange('cmap_inc', SERVER, key)];
    for (const prefix of ['', key.slice(0, 3), key]) expect(() => note(prefix)).toThrow(busy);
    first?.();
    expect(() => note('')).toThrow(key);
    second?.();
    expect(() => note('')).not.toThrow();
  });

  it('is another one at another corosync, or of other keys', () => {
    const answered = noteChange('cmap_set', '/run/other', 'runtime.force_gather');
    note('runtime.');
    answered?.();
    const here = noteChange('cmap_set', SERVER, 'quorum.cancel_wait_for_all');
    note('runtime.members.');
    here?.();
  });
});
