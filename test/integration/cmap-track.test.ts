import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ConnectionError,
  type CmapClient,
  type CmapNotification,
  type CmapTracker,
  type CmapTrackEvent,
} from '../../src/index.ts';
import { cmapLoad } from '../helpers/corosync/c-peer.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { EventReader } from '../helpers/integration/integration-events.ts';
import { errorOf } from '../helpers/integration/integration-outcome.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { wireOf } from '../helpers/integration/integration-values.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);

/** Blocks this thread: no callback runs, nothing is read from the socket. */
function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function numbers(events: readonly CmapTrackEvent[]): unknown[] {
  return events.map((event) => (event.kind === 'notification' ? event.newValue?.value : event.kind));
}

function upTo(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

async function setAll(client: CmapClient, key: string, values: readonly number[]): Promise<void> {
  await Promise.all(values.map((value) => client.setUint32(key, value)));
}

describeOnCorosync('trackers', (suite) => {
  /** Datagrams that wait are few, and corosync takes up to 50 ms for the next 11 of those that it has queued. */
  const FLOOD = suite.transport === 'socket' ? 500 : 50_000;

  /** Ends a test in order: notifications of one connection come in the order of the changes. */
  async function arrived(client: CmapClient): Promise<void> {
    const marker = await client.track('zzz.marker');
    await client.increment('zzz.marker').catch(() => client.setUint8('zzz.marker', 1));
    await new EventReader(marker).notification();
    await marker.close();
  }

  async function dispatched(): Promise<number> {
    const connections = await suite.corosync.ipcStats(process.pid);
    return connections.reduce((sum, { counters }) => sum + (counters.dispatched ?? 0), 0);
  }

  describe('what is told', () => {
    it('own changes, before the key exists, and after it is gone', async () => {
      const client = await suite.connect();
      const tracker = await client.track('test.later');
      const reader = new EventReader(tracker);
      await client.setString('test.later', 'first');
      await client.setUint8('test.later', 1);
      await client.delete('test.later');
      await client.setUint8('test.later', 1);
      await client.delete('test.later');
      const first = { type: 'string', value: 'first' };
      const one = { type: 'uint8', value: 1 };
      const common = { kind: 'notification', key: 'test.later', coalesced: 0, tracker };
      expect(await reader.notifications(5)).toEqual([
        { ...common, change: 'add', newValue: first, oldValue: undefined },
        { ...common, change: 'modify', newValue: one, oldValue: first },
        { ...common, change: 'delete', newValue: undefined, oldValue: one },
        { ...common, change: 'add', newValue: one, oldValue: undefined },
        { ...common, change: 'delete', newValue: undefined, oldValue: one },
      ]);
    });

    it('changes of many keys, in the order in which they were made', async () => {
      const client = await suite.connect();
      const random = new Random(7);
      const expected: string[] = [];
      const seen: string[] = [];
      const listener = (event: CmapTrackEvent): void => {
        if (event.kind === 'notification') seen.push(`${event.key} ${String(event.newValue?.value)}`);
      };
      for (const key of ['test.order.0', 'test.order.1']) await client.track(key, { listener });
      await client.track('test.order.2', { prefix: true, listener });
      await client.track('test.order.3', { prefix: true, listener });
      const sets = upTo(2000).map((value) => {
        const key = `test.order.${random.below(4)}`;
        expected.push(`${key} ${value}`);
        return client.setUint32(key, value);
      });
      await Promise.all(sets);
      await arrived(client);
      expect(seen).toEqual(expected);
    });

    it('corosync’s own changes; of its counters without the old value', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      const seen: CmapNotification[] = [];
      for (const prefix of ['runtime.services.', 'config.']) {
        await peer.trackAdd(prefix, 15);
        await client.track(prefix, {
          prefix: true,
          listener: (event) => {
            if (event.kind === 'notification') seen.push(event);
          },
        });
      }
      await client.setString('runtime.force_gather', 'yes'); // forms the membership anew
      await waitUntil('corosync has counted messages', () => seen.length > 0);
      await suite.expectLogged(/Forcing into GATHER state/);
      await run('corosync-cfgtool', ['-R']);
      const reloads = (): unknown[] => numbers(seen.filter(({ key }) => key === 'config.reload_in_progress'));
      await waitUntil('the reload has begun and ended', () => reloads().length === 2);
      expect(reloads()).toEqual([1, 0]);
      const counters = seen.filter(({ key }) => key.startsWith('runtime.services.'));
      expect(counters[0]).toMatchObject({
        change: 'modify',
        newValue: { type: 'uint64' },
        oldValue: undefined,
      });
      await waitUntil('libcmap has seen as much', () => peer.notifications.length >= seen.length);
      expect(seen.map(({ key, newValue }) => [key, wireOf(newValue).bytes])).toEqual(
        peer.notifications.slice(0, seen.length).map(({ key, newValue }) => [key, newValue]),
      );
    });

    /** corosync sets these keys again itself while it tells of the set, and uses the value that this has freed. */
    const nested = [
      ['runtime.force_gather', 'runtime.force_gather', false],
      ['runtime.force_gather', 'runtime.', true],
      ['runtime.force_gather', '', true],
      ['quorum.cancel_wait_for_all', 'quorum.cancel', true],
      ['quorum.cancel_wait_for_all', '', true],
    ] as const;
    it.each(nested)(
      'not a set of %s while we track "%s" (prefix: %s): it crashes corosync',
      async (key, tracked, prefix) => {
        const [client, writer] = [await suite.connect(), await suite.connect()];
        const gathers = key === 'runtime.force_gather';
        const set = (): Promise<void> => (gathers ? writer.setString(key, 'yes') : writer.setUint8(key, 1));
        const tracker = await client.track(tracked, { prefix });
        expect(await errorOf(set())).toMatchObject({ code: 'CS_ERR_BUSY', key });
        // A text cannot be counted up, and neither key must ever be deleted.
        const refusal = gathers ? 'CS_ERR_INVALID_PARAM' : 'CS_ERR_BUSY';
        expect(await errorOf(client.increment(key))).toMatchObject({ code: refusal, key });
        expect(await errorOf(client.delete(key))).toMatchObject({ code: 'CS_ERR_INVALID_PARAM', key });
        await tracker.close();
        await set();
        if (gathers) await suite.expectLogged(/Forcing into GATHER state/);
        await writer.get('totem.version');
      },
    );

    it('the set of quorum.cancel_wait_for_all, to a tracker of exactly this key', async () => {
      const [client, writer] = [await suite.connect(), await suite.connect()];
      const key = 'quorum.cancel_wait_for_all';
      const reader = new EventReader(await client.track(key));
      for (let i = 0; i < 3; i++) {
        await writer.setUint8(key, 1);
        expect(numbers(await reader.notifications(2))).toEqual([1, 0]);
      }
    });

    it('values of 16 KiB, old and new', async () => {
      suite.letEventsQueue();
      const client = await suite.connect({ bufferSize: 65536 });
      const reader = new EventReader(await client.track('test.large'));
      const values = [1, 2, 3, 4, 5, 6, 7, 8].map((byte) => new Uint8Array(16384).fill(byte));
      await Promise.all(values.map((value) => client.setBinary('test.large', value)));
      const told = await reader.notifications(values.length);
      expect(told.map(({ newValue }) => newValue?.value)).toEqual(values);
      expect(told.map(({ oldValue }) => oldValue?.value)).toEqual([undefined, ...values.slice(0, -1)]);
      await client.delete('test.large');
    });

    it('by hundreds of trackers, of one key and of many', async () => {
      const client = await suite.connect();
      const counts = new Map<CmapTracker, number>();
      const listener = ({ tracker }: CmapTrackEvent): void =>
        void counts.set(tracker, (counts.get(tracker) ?? 0) + 1);
      const same = await Promise.all(upTo(300).map(() => client.track('test.many.1', { listener })));
      const each = await Promise.all(upTo(300).map((n) => client.track(`test.many.${n}`, { listener })));
      await Promise.all(upTo(300).map((n) => client.setUint32(`test.many.${n}`, n)));
      await arrived(client);
      expect(same.map((tracker) => counts.get(tracker))).toEqual(same.map(() => 1));
      expect(each.map((tracker) => counts.get(tracker))).toEqual(each.map(() => 1));
      await Promise.all([...same, ...each].map((tracker) => tracker.close()));
      await Promise.all(upTo(300).map((n) => client.delete(`test.many.${n}`)));
      expect([...counts.values()].every((count) => count === 1)).toBe(true);
    });
  });

  describe('the end of a tracker', () => {
    const ends: Record<string, (tracker: CmapTracker) => Promise<void>> = {
      break: async (tracker) => {
        for await (const event of tracker) if (event.kind === 'notification') break;
      },
      throw: async (tracker) => {
        const loop = async (): Promise<void> => {
          for await (const event of tracker) throw new Error(`left at ${event.kind}`);
        };
        await expect(loop()).rejects.toThrow('left at notification');
      },
      delete: (tracker) => tracker.close(),
      'await using': async (tracker) => {
        await using disposed = tracker;
        expect(disposed.key).toBe('test.end');
      },
    };

    it.each(Object.entries(ends))('%s deletes it in corosync', async (_how, end) => {
      const [client, writer] = [await suite.connect(), await suite.connect()];
      const tracker = await client.track('test.end');
      await setAll(writer, 'test.end', upTo(3));
      await end(tracker);
      const before = await dispatched();
      await setAll(writer, 'test.end', upTo(10, 100));
      expect(await dispatched()).toBe(before);
      await writer.delete('test.end');
    });

    it('corosync does count what a living tracker is told', async () => {
      const [client, writer] = [await suite.connect(), await suite.connect()];
      await client.track('test.alive');
      const before = await dispatched();
      await setAll(writer, 'test.alive', upTo(10));
      expect(await dispatched()).toBeGreaterThan(before);
    });

    it('ends a loop that waits', async () => {
      const client = await suite.connect();
      const tracker = await client.track('test.waiting');
      const loop = collect(tracker);
      await client.setUint8('test.waiting', 1);
      await arrived(client);
      await tracker.close();
      expect(await loop).toHaveLength(1);
      await client.delete('test.waiting');
    });

    it('close ends all loops, destroy makes them throw', async () => {
      for (const [way, outcome] of [
        ['close', 'ended'],
        ['destroy', 'failed'],
      ] as const) {
        const client = await suite.connect();
        const loops = await Promise.all(
          ['test.', '', 'totem.'].map((key) => client.track(key, { prefix: true })),
        );
        const outcomes = Promise.all(
          loops.map((tracker) =>
            collect(tracker).then(
              () => 'ended',
              (error: unknown) => (error instanceof ConnectionError ? 'failed' : error),
            ),
          ),
        );
        await client[way]();
        expect(await outcomes).toEqual([outcome, outcome, outcome]);
        await Promise.all(loops.map((tracker) => tracker.close()));
      }
    });

    it('other trackers of the same key live on', async () => {
      const client = await suite.connect();
      const [first, second] = [await client.track('test.two'), await client.track('test.two')];
      await first.close();
      await setAll(client, 'test.two', upTo(2));
      expect(numbers(await new EventReader(second).notifications(2))).toEqual([1, 2]);
      await client.delete('test.two');
    });
  });

  describe('readers', () => {
    it('are one for each tracker', async () => {
      const client = await suite.connect();
      const tracker = await client.track('test.reader');
      const reader = new EventReader(tracker);
      const error = await errorOf(collect(tracker));
      expect(error).toMatchObject({ code: 'CS_ERR_BUSY', operation: 'track', key: 'test.reader' });
      await client.setUint8('test.reader', 1);
      expect((await reader.notification()).change).toBe('add');
      await client.delete('test.reader');
    });

    it('that ask several times at once get one event for each', async () => {
      const client = await suite.connect();
      const reader = new EventReader(await client.track('test.ahead'));
      const asked = Promise.all([reader.notification(), reader.notification(), reader.notification()]);
      await setAll(client, 'test.ahead', upTo(3));
      await arrived(client);
      const waited = Promise.race([asked, arrived(client).then(() => 'still waiting')]);
      const events = await waited;
      expect(events === 'still waiting' ? events : numbers(events as CmapTrackEvent[])).toEqual([1, 2, 3]);
      await client.delete('test.ahead');
    });

    it('cannot iterate a tracker that has a listener', async () => {
      const client = await suite.connect();
      const seen: CmapTrackEvent[] = [];
      const tracker = await client.track('test.listener', { listener: (event) => void seen.push(event) });
      expect(await errorOf(collect(tracker))).toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
      await setAll(client, 'test.listener', upTo(3));
      await arrived(client);
      expect(numbers(seen)).toEqual([1, 2, 3]);
      await tracker.close();
      await setAll(client, 'test.listener', upTo(3));
      await arrived(client);
      expect(seen).toHaveLength(3);
      await client.delete('test.listener');
    });

    it('whose listener throws: it surfaces, and the other events are delivered', async () => {
      const client = await suite.connect();
      const seen: unknown[] = [];
      const surfaced: unknown[] = [];
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.on('uncaughtException', (error) => surfaced.push(error.message));
      try {
        const tracker = await client.track('test.throws', {
          listener: (event) => {
            seen.push(...numbers([event]));
            throw new Error(`mistake ${seen.length}`);
          },
        });
        await setAll(client, 'test.throws', upTo(3));
        await arrived(client);
        await waitUntil('all three surface', () => surfaced.length === 3);
        await tracker.close();
      } finally {
        process.removeAllListeners('uncaughtException');
        for (const listener of others) process.on('uncaughtException', listener);
      }
      expect(seen).toEqual([1, 2, 3]);
      expect(surfaced).toEqual(['mistake 1', 'mistake 2', 'mistake 3']);
      await client.delete('test.throws');
    });
  });

  describe('readers that lag', () => {
    it(
      `lose nothing of ${FLOOD} notifications while the event loop stands still`,
      { timeout: 120_000 },
      async () => {
        suite.letEventsQueue();
        const client = await suite.connect();
        const reader = new EventReader(await client.track('test.flood'));
        const load = cmapLoad('test.flood', FLOOD);
        const first = await reader.notification();
        blockEventLoop(3000);
        const rest = await reader.notifications(FLOOD - 1);
        await load;
        expect(numbers([first, ...rest])).toEqual(upTo(FLOOD));
        expect(await client.getUint32('test.flood')).toBe(FLOOD);
        await client.delete('test.flood');
      },
    );

    it('lose nothing of our own pipelined changes', async () => {
      suite.letEventsQueue();
      const client = await suite.connect({ bufferSize: 65536 });
      const reader = new EventReader(await client.track('test.own.flood'));
      await setAll(client, 'test.own.flood', upTo(10_000));
      expect(numbers(await reader.notifications(10_000))).toEqual(upTo(10_000));
      await client.delete('test.own.flood');
    });

    it('with overflow: are told exactly how many are missing, and where', async () => {
      const client = await suite.connect();
      const reader = new EventReader(await client.track('test.slow', { maxQueued: 100 }));
      await setAll(client, 'test.slow', upTo(1000));
      await arrived(client);
      expect(numbers(await reader.notifications(100))).toEqual(upTo(100));
      expect(await reader.next()).toMatchObject({ kind: 'overflow', dropped: 900 });
      await setAll(client, 'test.slow', upTo(50, 2001));
      expect(numbers(await reader.notifications(50))).toEqual(upTo(50, 2001));
      await client.delete('test.slow');
    });

    it('with overflow: every change is read or counted, however reader and writer take turns', async () => {
      const client = await suite.connect();
      const random = new Random(11);
      const reader = new EventReader(await client.track('test.turns', { maxQueued: 20 }));
      let [written, read] = [0, 0];
      const readOne = async (): Promise<void> => {
        const event = await reader.next();
        if (event?.kind === 'overflow') read += event.dropped;
        else if (event !== undefined) expect(event.newValue?.value).toBe((read += 1));
      };
      for (let turn = 0; turn < 100; turn++) {
        const count = random.below(50);
        await setAll(client, 'test.turns', upTo(count, written + 1));
        await arrived(client);
        written += count;
        for (let left = random.below(40); left > 0 && read < written; left--) await readOne();
      }
      while (read < written) await readOne();
      expect(read).toBe(written);
      await client.delete('test.turns');
    });

    it('with overflow: bytes count, too', async () => {
      suite.letEventsQueue();
      const client = await suite.connect();
      const tracker = await client.track('test.bytes', { maxQueuedBytes: 100_000 });
      const values = upTo(50).map((byte) => new Uint8Array(16384).fill(byte));
      await Promise.all(values.map((value) => client.setBinary('test.bytes', value)));
      await arrived(client);
      await client.delete('test.bytes');
      const events: CmapTrackEvent[] = [];
      for await (const event of tracker) if (events.push(event) && event.kind === 'overflow') break;
      const dropped = events.reduce((sum, event) => sum + (event.kind === 'overflow' ? event.dropped : 0), 0);
      expect(events.length - 1).toBeGreaterThan(0);
      expect(events.length - 1).toBeLessThan(7);
      expect(events.length - 1 + dropped).toBeGreaterThanOrEqual(50);
    });

    it('with coalesce: get each key once, from the oldest value to the newest', async () => {
      const client = await suite.connect();
      const random = new Random(13);
      const keys = upTo(10).map((index) => `test.fold.${index}`);
      await Promise.all(keys.map((key) => client.setUint32(key, 0)));
      const tracker = await client.track('test.fold.', { prefix: true, whenLagging: 'coalesce' });
      const last = new Map<string, number>();
      const sets = upTo(2000).map((value) => {
        const key = random.pick(keys);
        last.set(key, value);
        return client.setUint32(key, value);
      });
      await Promise.all(sets);
      await arrived(client);
      const told = await new EventReader(tracker).notifications(keys.length);
      expect(new Map(told.map(({ key, newValue }) => [key, newValue?.value]))).toEqual(last);
      expect(told.map(({ oldValue }) => oldValue?.value)).toEqual(keys.map(() => 0));
      expect(told.reduce((sum, { coalesced }) => sum + coalesced + 1, 0)).toBe(2000);
      await Promise.all(keys.map((key) => client.delete(key)));
    });

    const folds = [
      ['absent', 'set', 'set', 'add'],
      ['absent', 'set', 'delete', 'delete'],
      ['absent', 'set, delete', 'set', 'add'],
      ['present', 'set', 'set', 'modify'],
      ['present', 'set', 'delete', 'delete'],
      ['present', 'delete', 'set', 'modify'],
      ['present', 'set, delete', 'set', 'modify'],
    ] as const;
    it.each(folds)('with coalesce: a key that is %s, then %s, then %s, makes one %s', async (...fold) => {
      const [before, first, second, change] = fold;
      const client = await suite.connect();
      if (before === 'present') await client.setUint32('test.once', 0);
      const tracker = await client.track('test.once', { whenLagging: 'coalesce' });
      const steps = `${first}, ${second}`.split(', ');
      await Promise.all(
        steps.map((step, index) =>
          step === 'set' ? client.setUint32('test.once', index + 1) : client.delete('test.once'),
        ),
      );
      await arrived(client);
      const told = await new EventReader(tracker).notification();
      expect(told).toMatchObject({ change, coalesced: steps.length - 1 });
      expect(told.oldValue?.value).toBe(before === 'present' ? 0 : undefined);
      expect(told.newValue?.value).toBe(steps.at(-1) === 'set' ? steps.length : undefined);
      await client.delete('test.once').catch(() => undefined);
    });

    it('with coalesce: beyond the limit, an overflow here too', async () => {
      const client = await suite.connect();
      const tracker = await client.track('test.wide.', {
        prefix: true,
        whenLagging: 'coalesce',
        maxQueued: 5,
      });
      await Promise.all(upTo(8).map((n) => client.setUint32(`test.wide.${n}`, n)));
      await arrived(client);
      const reader = new EventReader(tracker);
      expect(numbers(await reader.notifications(5))).toEqual(upTo(5));
      expect(await reader.next()).toMatchObject({ kind: 'overflow', dropped: 3 });
      await Promise.all(upTo(8).map((n) => client.delete(`test.wide.${n}`)));
    });
  });
});
