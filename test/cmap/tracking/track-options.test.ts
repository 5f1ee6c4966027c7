import { describe, expect, it } from 'vitest';
import {
  dangerousStatsTracker,
  resolveTrackOptions,
  type ResolvedTrackOptions,
} from '../../../src/cmap/tracking/track-options.ts';
import type { CmapMap } from '../../../src/codec/cmap/set-current-map.ts';

const resolve = (options: unknown = {}, key = 'test.key', map: CmapMap = 'icmap'): ResolvedTrackOptions =>
  resolveTrackOptions(key, options as never, map);
const refusal = (code: string): unknown =>
  expect.objectContaining({ name: 'CsError', code, operation: 'cmap_track_add' });
const invalid = refusal('CS_ERR_INVALID_PARAM');

describe('resolveTrackOptions', () => {
  it('fills in the defaults', () => {
    expect(resolve()).toEqual({
      key: 'test.key',
      prefix: false,
      events: ['add', 'delete', 'modify'],
      trackType: 7,
      listener: undefined,
      coalesce: false,
      maxQueued: 65_536,
      maxQueuedBytes: 33_554_432,
    });
  });

  /** CMAP_TRACK_DELETE 1, MODIFY 2, ADD 4, PREFIX 8. */
  it.each([
    [{ events: ['delete'] }, 1],
    [{ events: ['modify'] }, 2],
    [{ events: ['add'] }, 4],
    [{ events: ['modify', 'add'] }, 6],
    [{ events: ['add', 'add'] }, 4],
    [{ prefix: true }, 15],
    [{ prefix: true, events: ['delete'] }, 9],
    [{ prefix: false, events: ['delete'] }, 1],
  ])('%j is track type %d', (options, trackType) => {
    expect(resolve(options).trackType).toBe(trackType);
  });

  it('lists each event once', () => {
    expect(resolve({ events: ['modify', 'add', 'modify'] }).events).toEqual(['add', 'modify']);
  });

  it.each([
    [{ events: [] }],
    [{ events: ['added'] }],
    [{ events: ['add', 5] }],
    [{ events: [undefined] }],
    [{ events: 'add' }],
    [{ prefix: 1 }],
    [{ prefix: 'yes' }],
    [{ prefix: 0 }],
    [{ listener: 'call me' }],
    [{ listener: {} }],
    [{ whenLagging: 'drop' }],
    [{ whenLagging: 5 }],
    [{ maxQueued: 0 }],
    [{ maxQueued: 1.5 }],
    [{ maxQueued: Infinity }],
    [{ maxQueued: '5' }],
    [{ maxQueuedBytes: 0 }],
    [{ maxQueuedBytes: NaN }],
  ])('refuses %o', (options) => {
    expect(() => resolve(options)).toThrow(invalid);
  });

  it('checks the key', () => {
    expect(() => resolve({}, '')).toThrow(invalid);
    expect(() => resolve({}, 'ab')).toThrow(invalid);
    expect(() => resolve({}, 'k'.repeat(256))).toThrow(refusal('CS_ERR_NAME_TOO_LONG'));
    expect(() => resolve({}, 5 as never)).toThrow(invalid);
    expect(resolve({ prefix: true }, '').key).toBe('');
  });

  it('takes limits, listener and coalescing', () => {
    const listener = (): void => undefined;
    expect(resolve({ listener, whenLagging: 'coalesce', maxQueued: 1, maxQueuedBytes: 1 })).toMatchObject({
      listener,
      coalesce: true,
      maxQueued: 1,
      maxQueuedBytes: 1,
    });
    expect(resolve({ whenLagging: 'overflow' }).coalesce).toBe(false);
  });
});

describe('resolveTrackOptions on the stats map', () => {
  it.each([[['add']], [['delete']], [['modify']], [['add', 'modify']], [['delete', 'modify']]])(
    'refuses a prefix for %j, as corosync does',
    (events) => {
      expect(() => resolve({ prefix: true, events }, 'stats.', 'stats')).toThrow(
        refusal('CS_ERR_NOT_SUPPORTED'),
      );
    },
  );

  it('takes a prefix with both add and delete', () => {
    expect(resolve({ prefix: true, events: ['add', 'delete'] }, 'stats.', 'stats').trackType).toBe(13);
    expect(resolve({ prefix: true }, 'stats.', 'stats').trackType).toBe(15);
  });

  // corosync would copy a name of up to 32 bytes into 8.
  it('refuses a process name, which crashes corosync whatever is asked for', () => {
    const key = 'stats.ipcs.service0.7.procname';
    expect(() => resolve({}, key, 'stats')).toThrow(invalid);
    expect(() => resolve({ events: ['modify'] }, key, 'stats')).toThrow(/crash/);
    expect(() => resolve({ events: ['add', 'delete'] }, key, 'stats')).toThrow(/crash/);
    expect(() => resolve({ prefix: true }, key, 'stats')).toThrow(/crash/);
    expect(resolve({}, key, 'icmap').trackType).toBe(7);
  });

  it('has the same error for texts that are only known after a look', () => {
    expect(dangerousStatsTracker('stats.x')).toMatchObject({ code: 'CS_ERR_INVALID_PARAM', key: 'stats.x' });
  });
});
