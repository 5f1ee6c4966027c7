import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CsError, type CmapClient, type CmapValue } from '../../../src/index.ts';
import { FollowedStats } from '../../../src/cmap/following/followed-stats.ts';
import type { Told } from '../../../src/cmap/following/picture.ts';
import { FakeCmap, type FakeConnection } from '../fake-cmap.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });
const SOON_MS = 20;
/** Later than any test ends: what is found in time has not been listed. */
const NEVER_MS = 60_000;

let cmap: FakeCmap;
let client: CmapClient;
let connection: FakeConnection;
let told: Told[];
let readAgain: string[];
let failures: unknown[];
let stopping: AbortController;
let stats: FollowedStats;
/** What the follower believes to be there. */
let known: Set<string>;

beforeEach(() => {
  cmap = new FakeCmap();
  client = cmap.connect();
  if (cmap.client === undefined) throw new Error('it is connected');
  connection = cmap.client;
  told = [];
  readAgain = [];
  failures = [];
  known = new Set();
  stopping = new AbortController();
  stats = follow(NEVER_MS);
});

afterEach(async () => {
  stopping.abort();
  await stats.release();
  expect(connection.trackers.size).toBe(0);
});

function follow(listingMs: number): FollowedStats {
  return new FollowedStats(
    client,
    's.',
    {
      signal: stopping.signal,
      known: () => known,
      told: (notification) => told.push(notification),
      readAgain: (key) => {
        readAgain.push(key);
        if (!cmap.map.has(key)) known.delete(key);
        return Promise.resolve(cmap.map.has(key));
      },
      failed: (error) => failures.push(error),
    },
    listingMs,
  );
}

const trackedKeys = (): string[] =>
  [...connection.trackers]
    .filter(({ options }) => options.prefix !== true)
    .map(({ key }) => key)
    .sort();

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe('a followed prefix of the stats map', () => {
  it('tracks every number for itself, and no text', async () => {
    cmap.map.set('s.a', uint8(1));
    cmap.map.set('s.bytes', { type: 'binary', value: new Uint8Array(1) });
    cmap.map.set('s.new', { type: 'unknown', typeCode: 99, value: new Uint8Array(1) });
    cmap.map.set('s.procname', { type: 'string', value: 'x' });
    await stats.track();
    expect(trackedKeys()).toEqual(['s.a']);
    expect((await stats.read()).map(({ key }) => key)).toEqual(['s.a', 's.bytes', 's.new', 's.procname']);
    cmap.set('s.a', uint8(2));
    expect(told).toMatchObject([{ change: 'modify', key: 's.a' }]);
  });

  it('tracks keys that come, reads them again, and lets go of those that go', async () => {
    await stats.track();
    cmap.set('s.new', uint8(1));
    cmap.set('s.text', { type: 'string', value: 'x' });
    await until(() => readAgain.includes('s.new'));
    expect(trackedKeys()).toEqual(['s.new']);
    cmap.set('s.new', undefined);
    await until(() => trackedKeys().length === 0);
    expect(told.map(({ change: event, key }) => `${event} ${key}`)).toEqual([
      'add s.new',
      'add s.text',
      'delete s.new',
    ]);
  });

  it('does not track a key that goes while the keys are listed, or as soon as it has come', async () => {
    for (const name of ['a', 'b', 'c']) cmap.map.set(`s.${name}`, uint8(1));
    const tracking = stats.track();
    // Its deletion is told in the middle of the list, when it has been listed already.
    while (connection.trackers.size !== 1) await Promise.resolve();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    cmap.set('s.a', undefined);
    await tracking;
    expect(trackedKeys()).toEqual(['s.b', 's.c']);
    cmap.set('s.brief', uint8(1));
    cmap.set('s.brief', undefined);
    await until(() => trackedKeys().length === 2);
    for (let i = 0; i < 10; i++) await turn();
    expect(trackedKeys()).toEqual(['s.b', 's.c']);
  });

  it('does not believe what is told of a key after it has gone', async () => {
    cmap.map.set('s.a', uint8(1));
    await stats.track();
    cmap.set('s.a', undefined);
    connection.notify({ change: 'modify', key: 's.a', newValue: uint8(2), oldValue: uint8(2) });
    expect(told.map(({ change }) => change)).toEqual(['delete']);
  });

  it('lists no more after it was stopped', async () => {
    stats = follow(SOON_MS);
    await stats.track();
    stats.stop();
    cmap.map.set('s.silent', uint8(1));
    await sleep(3 * SOON_MS);
    expect(readAgain).toEqual([]);
  });

  it('says when the keys cannot be listed', async () => {
    stats = follow(SOON_MS);
    await stats.track();
    cmap.map.set('s.a', uint8(1));
    const error = new CsError('CS_ERR_NO_MEMORY', { operation: 'cmap_iter_init' });
    cmap.failNext = error;
    await until(() => failures.length > 0);
    expect(failures).toEqual([error]);
  });

  it('finds out what came and went without a word', async () => {
    stats = follow(SOON_MS);
    cmap.map.set('s.gone', uint8(1));
    await stats.track();
    known = new Set(['s.gone', 's.gone.text']);
    cmap.map.delete('s.gone');
    cmap.map.set('s.silent', uint8(1));
    cmap.map.set('s.silent.text', { type: 'string', value: 'x' });
    await until(() => readAgain.includes('s.silent.text') && trackedKeys().join() === 's.silent');
    expect(known).toEqual(new Set());
    expect(readAgain).toEqual(expect.arrayContaining(['s.gone', 's.gone.text', 's.silent']));
    expect(failures).toEqual([]);
  });

  it('keeps the trackers of scheduling misses, which are told without having come', async () => {
    await stats.release();
    stats = new FollowedStats(
      cmap.connect(),
      'stats.schedmiss.',
      {
        signal: stopping.signal,
        known: () => [],
        told: () => undefined,
        readAgain: () => Promise.resolve(false),
        failed: () => undefined,
      },
      SOON_MS,
    );
    if (cmap.client !== undefined) connection = cmap.client;
    await stats.track();
    expect(trackedKeys()).toHaveLength(20);
    cmap.set('stats.schedmiss.0.delay', uint8(1));
    cmap.set('stats.schedmiss.0.delay', undefined);
    for (let i = 0; i < 10; i++) await turn();
    expect(trackedKeys()).toHaveLength(20);
  });

  it('tells of a failure while it goes on by itself, and of none after it was stopped', async () => {
    await stats.track();
    cmap.failNext = new CsError('CS_ERR_NO_MEMORY', { operation: 'cmap_track_add' });
    cmap.set('s.new', uint8(1));
    await until(() => failures.length === 1);
    stopping.abort();
    cmap.failNext = new CsError('CS_ERR_NO_MEMORY', { operation: 'cmap_track_add' });
    cmap.set('s.newer', uint8(1));
    for (let i = 0; i < 10; i++) await turn();
    expect(failures).toHaveLength(1);
    cmap.failNext = undefined;
  });
});
