import { afterEach, describe, expect, it } from 'vitest';
import { checkNestedSet, noteTracker } from '../../src/cmap/nested-set-guard.ts';

const SERVER = '/run/cmap';
const DEADLY = ['runtime.force_gather', 'quorum.cancel_wait_for_all'];
const forgets: (() => void)[] = [];

const note = (prefix: string, server = SERVER): (() => void) => {
  const forget = noteTracker(server, prefix, true);
  forgets.push(forget);
  return forget;
};
const check = (key: string, server = SERVER): void => checkNestedSet('cmap_set', server, key);
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
