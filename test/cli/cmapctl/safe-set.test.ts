import { describe, expect, test } from 'vitest';
import { isSafeToSet } from '../../../src/cli/cmapctl/safe-set.ts';
import type { CmapValue } from '../../../src/index.ts';

const VALUE: CmapValue = { type: 'uint8', value: 1 };

describe('isSafeToSet', () => {
  test.each([
    ['my.key', true],
    ['totemic', true],
    ['a/b:c-d_e', true],
    ['ab', false],
    ['a b.c', false],
    ['x'.repeat(255), true],
    ['x'.repeat(256), false],
    ['totem.token', false],
    ['nodelist.node.0.nodeid', false],
    ['runtime.config.totem.token', false],
    ['system.qb_ipc_type', false],
    ['uidgid.uid.1000', false],
    ['internal_configuration.x', false],
    ['quorum.wait_for_all', false],
    ['config.reload_in_progress', false],
  ])('%s: %s', (key, safe) => {
    expect(isSafeToSet('icmap', key, VALUE)).toBe(safe);
  });

  test('nothing is safe in the stats map', () => {
    expect(isSafeToSet('stats', 'my.key', VALUE)).toBe(false);
  });

  test.each<[CmapValue, boolean]>([
    [{ type: 'string', value: 'x'.repeat(16384) }, true],
    [{ type: 'string', value: 'x'.repeat(16385) }, false],
    [{ type: 'string', value: 'é'.repeat(8193) }, false],
    [{ type: 'binary', value: new Uint8Array(16384) }, true],
    [{ type: 'binary', value: new Uint8Array(16385) }, false],
  ])('depends on the length', (value, safe) => {
    expect(isSafeToSet('icmap', 'my.key', value)).toBe(safe);
  });
});
