import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attachment } from '../../../src/cmap/following/attachment.ts';
import { Picture, type Change } from '../../../src/cmap/following/picture.ts';
import { ConnectionError, CsError, type CmapClient, type CmapValue } from '../../../src/index.ts';
import { FakeCmap, type FakeConnection } from '../fake-cmap.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });
/** After which what does not fit is read again. */
const SUSPICION_MS = 100;
/** As long as a backlog of notifications is waited for. */
const CAUGHT_UP_MS = 10_000;

let cmap: FakeCmap;
let client: CmapClient;
let connection: FakeConnection;
let picture: Picture;
/** What has been read at the start. */
let read: Change[] | undefined;
let changes: [Change, boolean][];
let failures: unknown[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  cmap = new FakeCmap();
  client = cmap.connect();
  if (cmap.client === undefined) throw new Error('it is connected');
  connection = cmap.client;
  picture = new Picture(true);
  read = undefined;
  changes = [];
  failures = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function attach(key = 'a.', prefix = true): Attachment {
  return new Attachment(client, { key, prefix }, picture, {
    read: (differences) => (read = differences),
    changed: (change, synthetic) => changes.push([change, synthetic]),
    failed: (...failure) => failures.push(failure),
  });
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

/** What corosync tells goes on from a value that nobody has been told. */
function tellStale(key: string, newValue: number): void {
  cmap.map.set(key, uint8(newValue));
  connection.notify({ change: 'modify', key, newValue: uint8(newValue), oldValue: uint8(200) });
}

describe('an attachment', () => {
  it('tells how the map differs from the picture, and then each change, until it is released', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    await attachment.start();
    expect(read).toEqual([{ key: 'a.b', oldValue: undefined, newValue: uint8(1) }]);
    cmap.set('a.b', uint8(2));
    expect(changes).toEqual([[{ key: 'a.b', oldValue: uint8(1), newValue: uint8(2) }, false]]);
    await attachment.release();
    expect(connection.trackers.size).toBe(0);
    expect(failures).toEqual([]);
  });

  it('of one key follows no other', async () => {
    cmap.map.set('a.b', uint8(1));
    cmap.map.set('a.bc', uint8(1));
    const attachment = attach('a.b', false);
    await attachment.start();
    expect(read).toMatchObject([{ key: 'a.b' }]);
    cmap.set('a.bc', uint8(2));
    cmap.set('a.b', undefined);
    expect(changes).toMatchObject([[{ key: 'a.b', newValue: undefined }, false]]);
    await attachment.release();
  });

  it('of one key waits for it where it is not there yet', async () => {
    const attachment = attach('a.b', false);
    await attachment.start();
    expect(read).toEqual([]);
    cmap.set('a.b', uint8(1));
    expect(changes).toMatchObject([[{ key: 'a.b', oldValue: undefined, newValue: uint8(1) }, false]]);
    await attachment.release();
  });

  it('tells nothing of a notification that changes nothing', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    await attachment.start();
    connection.notify({ change: 'modify', key: 'a.b', newValue: uint8(1), oldValue: uint8(1) });
    expect(changes).toEqual([]);
    await attachment.release();
  });

  it('reads a key again of which it was told what does not fit, and tells how it differs', async () => {
    cmap.map.set('a.b', uint8(1));
    cmap.map.set('a.c', uint8(1));
    const attachment = attach();
    await attachment.start();
    const get = vi.spyOn(connection, 'get');
    tellStale('a.b', 7);
    tellStale('a.c', 8);
    tellStale('a.c', 9);
    await vi.advanceTimersByTimeAsync(SUSPICION_MS - 1);
    expect([changes, get.mock.calls.length]).toEqual([[], 0]);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(changes).toEqual([
      [{ key: 'a.b', oldValue: uint8(1), newValue: uint8(7) }, true],
      [{ key: 'a.c', oldValue: uint8(1), newValue: uint8(9) }, true],
    ]);
    expect(get).toHaveBeenCalledTimes(2);
    // And again, when it happens again.
    tellStale('a.b', 11);
    await vi.advanceTimersByTimeAsync(SUSPICION_MS);
    await settle();
    expect(picture.values.get('a.b')).toEqual(uint8(11));
    await attachment.release();
  });

  it('does not read what has fitted meanwhile, or has been stopped', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    await attachment.start();
    const get = vi.spyOn(connection, 'get');
    connection.notify({ change: 'modify', key: 'a.b', newValue: uint8(3), oldValue: uint8(2) });
    connection.notify({ change: 'modify', key: 'a.b', newValue: uint8(1), oldValue: uint8(3) });
    await vi.advanceTimersByTimeAsync(SUSPICION_MS);
    tellStale('a.b', 9);
    attachment.stop();
    await vi.advanceTimersByTimeAsync(SUSPICION_MS);
    await settle();
    expect(get).not.toHaveBeenCalled();
    await attachment.release();
  });

  it('takes the answer that no notification overtakes, and gives up where there is none', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    await attachment.start();
    let readings = 0;
    vi.spyOn(connection, 'get').mockImplementation(() => {
      readings += 1;
      if (overtaken()) tellStale('a.b', 100 + readings);
      return Promise.resolve(cmap.map.get('a.b') ?? uint8(0));
    });
    let overtaken = (): boolean => readings < 4;
    tellStale('a.b', 9);
    await vi.advanceTimersByTimeAsync(SUSPICION_MS);
    await settle();
    expect(readings).toBe(4);
    expect(picture.values.get('a.b')).toEqual(uint8(103));
    overtaken = () => true;
    readings = 0;
    tellStale('a.b', 9);
    await vi.advanceTimersByTimeAsync(SUSPICION_MS);
    for (let i = 0; i < 10; i++) await settle();
    expect(readings).toBe(11);
    expect(failures).toEqual([]);
    await attachment.release();
  });

  it('says when a key cannot be read again, but not after it was stopped', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    await attachment.start();
    const error = new CsError('CS_ERR_TRY_AGAIN', { operation: 'cmap_get' });
    for (const stopped of [false, true]) {
      tellStale('a.b', 9);
      cmap.failNext = error;
      vi.advanceTimersByTime(SUSPICION_MS);
      if (stopped) attachment.stop();
      await settle();
      expect(failures).toEqual([[client, error]]);
    }
    await attachment.release();
  });

  it('that is stopped believes nothing more, whatever is told or answered late', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    await attachment.start();
    tellStale('a.b', 9);
    vi.advanceTimersByTime(SUSPICION_MS);
    attachment.stop();
    cmap.set('a.b', uint8(2));
    await settle();
    expect(changes).toEqual([]);
    expect(picture.values.get('a.b')).toEqual(uint8(1));
    await attachment.release();
  });
});

describe('the start of an attachment', () => {
  it('waits until everything is told that happened before the last answer', async () => {
    cmap.map.set('a.b', uint8(1));
    let caughtUp = (): void => undefined;
    vi.spyOn(connection, 'caughtUp').mockReturnValue(new Promise((resolve) => (caughtUp = resolve)));
    const attachment = attach();
    const starting = attachment.start();
    await settle();
    connection.notify({ change: 'modify', key: 'a.b', newValue: uint8(2), oldValue: uint8(1) });
    caughtUp();
    await starting;
    expect(read).toEqual([{ key: 'a.b', oldValue: undefined, newValue: uint8(2) }]);
    expect(changes).toEqual([]);
    await attachment.release();
  });

  it('waits for ten seconds: a flood may never end', async () => {
    cmap.map.set('a.b', uint8(1));
    vi.spyOn(connection, 'caughtUp').mockReturnValue(new Promise(() => undefined));
    const attachment = attach();
    const starting = attachment.start();
    await settle();
    await vi.advanceTimersByTimeAsync(CAUGHT_UP_MS - 1);
    expect(read).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await starting;
    expect(read).toHaveLength(1);
    await attachment.release();
  });

  it('fails with what fails, and leaves no tracker', async () => {
    const error = new CsError('CS_ERR_TRY_AGAIN', { operation: 'cmap_dispatch' });
    vi.spyOn(connection, 'caughtUp').mockRejectedValue(error);
    const attachment = attach();
    await expect(attachment.start()).rejects.toBe(error);
    await settle();
    expect(connection.trackers.size).toBe(0);
  });

  it('does not wait for its trackers to go when it has failed', async () => {
    const error = new CsError('CS_ERR_TRY_AGAIN', { operation: 'cmap_iter_init' });
    const track = connection.track.bind(connection);
    vi.spyOn(connection, 'track').mockImplementation(async (...given) => {
      await track(...given);
      return { close: () => new Promise(() => undefined) };
    });
    vi.spyOn(connection, 'caughtUp').mockRejectedValue(error);
    await expect(attach().start()).rejects.toBe(error);
  });

  it('that is stopped meanwhile has nothing to tell, and leaves the picture as it was', async () => {
    cmap.map.set('a.b', uint8(1));
    const attachment = attach();
    const starting = attachment.start();
    await Promise.resolve();
    attachment.stop();
    await starting;
    expect(read).toBeUndefined();
    expect(picture.values.size).toBe(0);
    expect(connection.trackers.size).toBe(0);
  });

  it('that is stopped by the end of its connection does not fail', async () => {
    const attachment = attach();
    const lost = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'lost' });
    vi.spyOn(connection, 'caughtUp').mockImplementation(() => {
      attachment.stop();
      return Promise.reject(lost);
    });
    await attachment.start();
    expect(read).toBeUndefined();
    await settle();
    expect(connection.trackers.size).toBe(0);
  });
});

describe('an attachment to the stats map', () => {
  /** How often the keys are listed. */
  const LISTING_MS = 60_000;
  const trackers = (): string[] =>
    [...connection.trackers].map(({ key, options }) => `${key}${options.prefix === true ? '*' : ''}`).sort();
  beforeEach(() => {
    connection.map = 'stats';
    picture = new Picture(false);
    cmap.map.set('a.b', uint8(1));
  });

  it('tracks one key as any other', async () => {
    const attachment = attach('a.b', false);
    await attachment.start();
    expect(trackers()).toEqual(['a.b']);
    await attachment.release();
  });

  it('tracks each key below a prefix, as long as it is there', async () => {
    const attachment = attach();
    await attachment.start();
    cmap.set('a.c', uint8(1));
    await settle();
    expect(trackers()).toEqual(['a.*', 'a.b', 'a.c']);
    cmap.set('a.d', uint8(1));
    cmap.map.delete('a.d');
    await settle();
    expect(trackers()).toEqual(['a.*', 'a.b', 'a.c']);
    await attachment.release();
  });

  it('reads a key that comes once more: it may have changed before it was tracked', async () => {
    const attachment = attach();
    await attachment.start();
    cmap.set('a.c', uint8(1));
    cmap.map.set('a.c', uint8(2));
    await settle();
    expect(changes).toEqual([
      [{ key: 'a.c', oldValue: undefined, newValue: uint8(1) }, false],
      [{ key: 'a.c', oldValue: uint8(1), newValue: uint8(2) }, true],
    ]);
    await attachment.release();
  });

  it('finds out that a text has gone without a word', async () => {
    cmap.map.set('a.text', { type: 'string', value: 'x' });
    const attachment = attach();
    await attachment.start();
    cmap.map.delete('a.text');
    await vi.advanceTimersByTimeAsync(LISTING_MS);
    await settle();
    expect(changes).toMatchObject([[{ key: 'a.text', newValue: undefined }, true]]);
    await attachment.release();
  });

  it('says when a key that comes cannot be tracked', async () => {
    const attachment = attach();
    await attachment.start();
    const error = new CsError('CS_ERR_NO_MEMORY', { operation: 'cmap_track_add' });
    cmap.failNext = error;
    cmap.set('a.c', uint8(1));
    await settle();
    expect(failures).toEqual([[client, error]]);
    await attachment.release();
  });
});
