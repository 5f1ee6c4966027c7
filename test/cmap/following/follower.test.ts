import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { resolveFollowOptions } from '../../../src/cmap/following/follow-options.ts';
import { KeyFollower } from '../../../src/cmap/following/follower.ts';
import type { FollowerDriver } from '../../../src/session/index.ts';
import {
  ConnectionError,
  CsError,
  type CmapClient,
  type CmapFollowEvent,
  type CmapFollowOptions,
  type CmapFollower,
  type CmapValue,
} from '../../../src/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { FakeCmap } from '../fake-cmap.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });
const LOST = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'lost' });

let cmap: FakeCmap;
let ended: CmapFollower[];
let failures: unknown[];

beforeEach(() => {
  cmap = new FakeCmap();
  ended = [];
  failures = [];
});

/** What follows a. */
function follow(
  options: CmapFollowOptions = {},
  map: 'icmap' | 'stats' = 'icmap',
): [KeyFollower, FollowerDriver<CmapClient>] {
  return KeyFollower.create(resolveFollowOptions('a.', { prefix: true, ...options }, map), {
    map,
    failed: (...failure) => failures.push(failure),
    ended: (follower) => ended.push(follower),
  });
}

/** A listener, and what it was told. */
function listening(): { told: CmapFollowEvent[]; listener: (event: CmapFollowEvent) => void } {
  const told: CmapFollowEvent[] = [];
  return { told, listener: (event) => void told.push(event) };
}

/** As many events as there are to read now. */
async function readAll(follower: KeyFollower): Promise<CmapFollowEvent[]> {
  const events: CmapFollowEvent[] = [];
  const reader = follower[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([reader.next(), turn().then(turn)]);
    if (next === undefined || next.done === true) return events;
    events.push(next.value);
  }
}

describe('a follower', () => {
  it('tells the snapshot, the loss, and how many changes made up for it, each with what belongs to it', async () => {
    const { told, listener } = listening();
    const [follower, driver] = follow({ listener });
    cmap.map.set('a.b', uint8(1));
    await driver.attach(cmap.connect());
    driver.lost(LOST);
    cmap.map.set('a.c', uint8(2));
    await driver.attach(cmap.connect());
    expect(told).toEqual([
      { kind: 'snapshot', entries: [{ key: 'a.b', value: uint8(1) }], follower },
      { kind: 'lost', error: LOST, follower },
      {
        kind: 'notification',
        change: 'add',
        key: 'a.c',
        oldValue: undefined,
        newValue: uint8(2),
        synthetic: true,
        follower,
      },
      { kind: 'resynced', changes: 1, follower },
    ]);
    await follower.close();
  });

  it('gives a reader the same, and counts only what was found by comparing', async () => {
    const [follower, driver] = follow();
    cmap.map.set('a.b', uint8(1));
    await driver.attach(cmap.connect());
    cmap.set('a.b', uint8(2));
    driver.lost(LOST);
    cmap.map.set('a.c', uint8(2));
    await driver.attach(cmap.connect());
    const events = await readAll(follower);
    expect(events.map(({ kind }) => kind)).toEqual([
      'snapshot',
      'notification',
      'lost',
      'notification',
      'resynced',
    ]);
    expect(events[0]).toEqual({ kind: 'snapshot', entries: [{ key: 'a.b', value: uint8(1) }], follower });
    expect(events.at(-1)).toEqual({ kind: 'resynced', changes: 1, follower });
    await follower.close();
  });

  it('neither tells nor counts changes that are not wanted', async () => {
    const { told, listener } = listening();
    const [follower, driver] = follow({ listener, events: ['modify'] });
    cmap.map.set('a.b', uint8(1));
    await driver.attach(cmap.connect());
    driver.lost(LOST);
    cmap.map.set('a.b', uint8(2));
    cmap.map.set('a.c', uint8(2));
    await driver.attach(cmap.connect());
    expect(told.slice(2)).toMatchObject([
      { kind: 'notification', change: 'modify', key: 'a.b' },
      { kind: 'resynced', changes: 1 },
    ]);
    await follower.close();
  });

  it('does not give a reader that lagged what it did not want, though the map shows it', async () => {
    const [follower, driver] = follow({ events: ['modify'], maxQueued: 1 });
    cmap.map.set('a.b', uint8(1));
    await driver.attach(cmap.connect());
    cmap.set('a.b', uint8(2));
    cmap.set('a.b', undefined);
    const events = await readAll(follower);
    expect(events).toMatchObject([{ kind: 'snapshot' }, { kind: 'overflow', dropped: 1 }]);
    expect(follower.values.size).toBe(0);
    await follower.close();
  });

  it('tells a reader that lagged how many changes it was given, not how many were found', async () => {
    const [follower, driver] = follow({ maxQueued: 1 });
    cmap.map.set('a.b', uint8(1));
    await driver.attach(cmap.connect());
    const reader = follower[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ kind: 'snapshot' });
    driver.lost(LOST);
    cmap.map.set('a.b', uint8(2));
    cmap.map.set('a.c', uint8(2));
    await driver.attach(cmap.connect());
    cmap.set('a.c', undefined);
    const events = await Promise.all([1, 2, 3, 4].map(() => reader.next()));
    expect(events.map(({ value }) => value)).toMatchObject([
      { kind: 'lost' },
      { kind: 'overflow', dropped: 3 },
      { kind: 'notification', key: 'a.b', synthetic: true },
      { kind: 'resynced', changes: 1 },
    ]);
    await follower.close();
  });

  it.each([
    ['icmap', undefined],
    ['stats', uint8(3)],
  ] as const)(
    'of %s believes a change by its old value, which the stats map does not tell',
    async (map, known) => {
      const [follower, driver] = follow({ listener: () => undefined }, map);
      const client = cmap.connect();
      await driver.attach(client);
      cmap.client?.notify({ change: 'modify', key: 'a.b', newValue: uint8(3), oldValue: uint8(2) });
      expect(follower.values.get('a.b')).toEqual(known);
      await follower.close();
    },
  );

  it('says on which connection it could not go on', async () => {
    const [follower, driver] = follow({ listener: () => undefined });
    const client = cmap.connect();
    await driver.attach(client);
    const error = new CsError('CS_ERR_TRY_AGAIN', { operation: 'cmap_get' });
    cmap.client?.notify({ change: 'modify', key: 'a.b', newValue: uint8(3), oldValue: uint8(2) });
    cmap.failNext = error;
    await waitUntil('it has failed', () => failures.length > 0);
    expect(failures).toEqual([[client, error]]);
    await follower.close();
  });

  it('says how it is misused', async () => {
    const [listened] = follow({ listener: () => undefined });
    const [read] = follow();
    read[Symbol.asyncIterator]();
    const error = { operation: 'follow', key: 'a.' };
    expect(() => listened[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ ...error, code: 'CS_ERR_INVALID_PARAM' }),
    );
    expect(() => read[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ ...error, code: 'CS_ERR_BUSY' }),
    );
    await Promise.all([listened.close(), read.close()]);
  });
});

describe('a follower whose connection goes at any moment', () => {
  it.each([false, true])('has told what it knows, and the loss after it (again: %s)', async (again) => {
    const outcomes = new Set<string>();
    for (let moment = 0; moment < 40; moment++) {
      cmap = new FakeCmap();
      const { told, listener } = listening();
      const [follower, driver] = follow({ listener });
      if (again) {
        await driver.attach(cmap.connect());
        driver.lost(LOST);
      }
      told.length = 0;
      cmap.map.set('a.b', uint8(1));
      const attaching = driver.attach(cmap.connect());
      for (let i = 0; i < moment; i++) await Promise.resolve();
      driver.lost(LOST);
      await attaching;
      const kinds = told.map(({ kind }) => kind);
      outcomes.add(kinds.join());
      expect([moment, follower.values.size]).toEqual([moment, kinds.length > 0 ? 1 : 0]);
      await follower.close();
    }
    expect([...outcomes]).toEqual(['', again ? 'notification,resynced,lost' : 'snapshot,lost']);
  });
});

describe('a follower that has ended', () => {
  it('by `await using` is gone here and at corosync', async () => {
    const [ending, driver] = follow({ listener: () => undefined });
    {
      await using follower = ending;
      await driver.attach(cmap.connect());
      expect(follower.key).toBe('a.');
      expect(cmap.client?.trackers.size).toBe(1);
    }
    expect(cmap.client?.trackers.size).toBe(0);
    expect(ended).toEqual([ending]);
  });

  it('stays so, whatever happens to the connection', async () => {
    const { told, listener } = listening();
    const [follower, driver] = follow({ listener });
    await driver.attach(cmap.connect());
    await follower.close();
    told.length = 0;
    driver.lost(LOST);
    await driver.attach(cmap.connect());
    driver.end(LOST);
    await follower.close();
    expect(told).toEqual([]);
    expect(cmap.client?.trackers.size).toBe(0);
    expect(ended).toEqual([follower]);
    expect(await follower.whenEnded()).toBeUndefined();
  });

  it('is not waited for where there is no connection', async () => {
    const { told, listener } = listening();
    const [follower, driver] = follow({ listener });
    driver.lost(LOST);
    driver.end(LOST);
    expect(told).toEqual([]);
    expect(await follower.whenEnded()).toBe(LOST);
    await follower.close();
    expect(ended).toEqual([follower]);
  });
});
