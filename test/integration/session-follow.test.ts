import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  CmapSession,
  type CmapFollower,
  type CmapValue,
  type CmapFollowEvent,
  type SessionOptions,
} from '../../src/index.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { FollowReader } from '../helpers/follow-reader.ts';
import { EXTREME_VALUES } from '../helpers/integration/integration-values.ts';

const KEYS = Array.from({ length: 50 }, (_, i) => `follow.key${i}`);

describeOnCorosync('following keys', (suite) => {
  async function withSession<T>(
    use: (session: CmapSession) => Promise<T>,
    options: SessionOptions = {},
  ): Promise<T> {
    await using session = CmapSession.open(options);
    await session.ready();
    return await use(session);
  }

  describe('a consistent start', () => {
    it('while another client counts each key up: the snapshot, then exactly every later number', async () => {
      // As fast as they can be told, each to so many trackers: beyond that, a snapshot waits for the end of the flood.
      const [keys, rounds, pauseMs] =
        suite.transport === 'socket' ? [KEYS.slice(0, 5), 5, 20] : [KEYS, 20, 20];
      const writer = await suite.connect();
      await Promise.all(keys.map((key) => writer.setUint32(key, 0)));
      const state = { writing: true };
      const written = (async () => {
        let n = 0;
        for (; state.writing; n++) {
          await Promise.all(keys.map((key) => writer.setUint32(key, n + 1)));
          await sleep(pauseMs);
        }
        return n;
      })();
      await withSession(async (session) => {
        const readers: FollowReader[] = [];
        for (let round = 0; round < rounds; round++) {
          readers.push(new FollowReader(session.follow('follow.', { prefix: true })));
          readers.push(new FollowReader(session.follow(keys[round] ?? '')));
          await turn();
          if (round % 3 === 0) await readers.at(-1)?.snapshotRead();
        }
        await Promise.all(readers.map((reader) => reader.snapshotRead()));
        state.writing = false;
        const last = await written;
        const want: CmapValue = { type: 'uint32', value: last };
        for (const reader of readers) {
          await reader.until(() => [...reader.values.values()].every(({ value }) => value === want.value));
          expect(reader.problems).toEqual([]);
          expect(reader.snapshots).toBe(1);
          // Every number after the one in the snapshot, for each key: none twice, none left out.
          for (const [key, told] of reader.numbersAfterSnapshot()) {
            const [first = 0] = told;
            expect(told, key).toEqual(told.map((_, i) => first + i));
            expect(told.at(-1), key).toBe(last);
          }
        }
        await Promise.all(readers.map((reader) => reader.follower.close()));
      });
    });

    it('while keys come and go', async () => {
      const writer = await suite.connect();
      const state = { writing: true };
      const churn = (async () => {
        for (let n = 0; state.writing; n++) {
          const key = KEYS[(n * 7) % KEYS.length] ?? '';
          await writer.setUint32(key, n);
          await writer.delete(KEYS[(n * 11) % KEYS.length] ?? '').catch(() => undefined);
          await sleep(suite.transport === 'socket' ? 10 : 1);
        }
      })();
      await withSession(async (session) => {
        const readers: FollowReader[] = [];
        for (let round = 0; round < 30; round++) {
          const reader = new FollowReader(session.follow('follow.', { prefix: true }));
          readers.push(reader);
          await reader.snapshotRead();
        }
        state.writing = false;
        await churn;
        await writer.setUint32('follow.last', 1);
        for (const reader of readers) {
          await reader.until(() => reader.values.has('follow.last'));
          expect(reader.problems).toEqual([]);
          expect(reader.values).toEqual(await mapOf(session, 'follow.'));
          expect(reader.follower.values).toEqual(reader.values);
        }
      });
    });

    it('of values of every type: what is told equals what is read', async () => {
      await withSession(async (session) => {
        const reader = new FollowReader(session.follow('every.', { prefix: true }));
        await reader.snapshotRead();
        for (const value of EXTREME_VALUES) await session.set(`every.${value.type}`, value);
        for (const value of EXTREME_VALUES) await session.set('every.type', value);
        await session.setUint8('every.last', 1);
        await reader.until(() => reader.values.has('every.last'));
        expect(reader.problems).toEqual([]);
        expect(reader.values).toEqual(await mapOf(session, 'every.'));
        // And a second reader, to whom the same values are a snapshot, sees each change continue from it.
        const second = new FollowReader(session.follow('every.', { prefix: true }));
        await second.snapshotRead();
        expect(second.values).toEqual(reader.values);
        for (const key of second.values.keys())
          await session.set(key, { type: 'string', value: `was ${key}` });
        for (const key of second.values.keys()) await session.delete(key);
        await second.until(() => second.values.size === 0);
        expect(second.problems).toEqual([]);
      });
    });
  });

  describe('a follower', () => {
    it('of a key that is not there: an empty snapshot, then its addition', async () => {
      await withSession(async (session) => {
        await using follower = session.follow('not.there');
        const events = collect(follower, 2);
        await session.ready();
        await session.setString('not.there', 'now');
        expect(await events).toMatchObject([
          { kind: 'snapshot', entries: [] },
          { kind: 'notification', change: 'add', key: 'not.there', oldValue: undefined, synthetic: false },
        ]);
      });
    });

    it('tells only of the events that were asked for', async () => {
      await withSession(async (session) => {
        const told: CmapFollowEvent[] = [];
        const follower = session.follow('only.', {
          prefix: true,
          events: ['delete'],
          listener: (event) => told.push(event),
        });
        await session.ready(); // what happens before that is in the snapshot
        await session.setUint8('only.a', 1);
        await session.setUint8('only.a', 2);
        await session.delete('only.a');
        while (told.length < 2) await turn();
        expect(told).toMatchObject([
          { kind: 'snapshot' },
          { kind: 'notification', change: 'delete', oldValue: { value: 2 } },
        ]);
        await follower.close();
      });
    });

    it('ends its tracker at corosync when its reader leaves', async () => {
      await withSession(async (session) => {
        for await (const event of session.follow('leave.', { prefix: true })) {
          expect(event.kind).toBe('snapshot');
          break;
        }
        await session.setUint8('leave.a', 1);
        expect(
          (await suite.corosync.ipcStats(process.pid)).map(({ counters }) => counters.dispatched),
        ).toEqual([0]);
      });
    });

    it('whose reader lags is told of the overflow, and then what is different', async () => {
      await withSession(async (session) => {
        await session.setUint32('lag.modified', 0);
        await session.setUint32('lag.deleted', 0);
        const follower = session.follow('lag.', { prefix: true, maxQueued: 4 });
        const reader = new FollowReader(follower, { paused: true });
        while (follower.values.size < 2) await turn();
        for (let n = 1; n <= 1000; n++) await session.setUint32('lag.modified', n);
        await session.delete('lag.deleted');
        await session.setUint32('lag.added', 1);
        while (!follower.values.has('lag.added')) await turn();
        reader.resume();
        await reader.until(() => reader.values.has('lag.added'));
        expect(reader.values).toEqual(await mapOf(session, 'lag.'));
        expect(reader.problems).toEqual([]);
        // The snapshot and three changes were queued.
        expect(reader.overflows).toEqual([1002 - 3]);
        await session.setUint32('lag.modified', 1);
        await reader.until(() => reader.values.get('lag.modified')?.value === 1);
        expect(reader.problems).toEqual([]);
      });
    });
  });
});

async function mapOf(session: CmapSession, prefix: string): Promise<Map<string, CmapValue>> {
  const map = new Map<string, CmapValue>();
  for await (const { key, value } of session.entries(prefix)) map.set(key, value);
  return map;
}

async function collect(follower: CmapFollower, count: number): Promise<CmapFollowEvent[]> {
  const events: CmapFollowEvent[] = [];
  for await (const event of follower) if (events.push(event) === count) break;
  return events;
}
