import { expect } from 'vitest';
import type { CmapNotification, CmapTrackEvent, CmapValue } from '../../src/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import type { Scenario } from './scenario.ts';

/** A listener that remembers notifications in short. */
class Heard {
  readonly events: CmapNotification[] = [];

  readonly listener = (event: CmapTrackEvent): void => {
    if (event.kind === 'notification') this.events.push(event);
  };

  get short(): string[] {
    return this.events.map(
      ({ change: event, key, oldValue, newValue }) =>
        `${event} ${key.replace('scenario.', '')} ${String(oldValue?.value)} ${String(newValue?.value)}`,
    );
  }

  async count(count: number): Promise<void> {
    await waitUntil(`${count} notifications`, () => this.events.length >= count, { everyMs: 1 });
  }
}

export const TRACKING: readonly Scenario[] = [
  {
    name: 'add, modify and delete are told with old and new value; the same value set twice is not told',
    async run(target) {
      const client = await target.connect();
      const heard = new Heard();
      await client.track('scenario.track', { listener: heard.listener });
      await client.setUint32('scenario.track', 1);
      await client.setUint32('scenario.track', 1);
      await client.setUint32('scenario.track', 2);
      await client.adjust('scenario.track', 0);
      await client.increment('scenario.track');
      await client.setInt32('scenario.track', 3);
      await client.setString('scenario.track', 'three');
      await client.setString('scenario.track', 'three');
      await client.delete('scenario.track');
      await heard.count(6);
      expect(heard.short).toEqual([
        'add track undefined 1',
        'modify track 1 2',
        'modify track 2 3',
        'modify track 3 3',
        'modify track 3 three',
        'delete track three undefined',
      ]);
    },
  },
  {
    name: 'each tracker hears of what it asked for: its key, or its prefix; these events, or those',
    async run(target) {
      const [client, other] = [await target.connect(), await target.connect()];
      const [exact, prefix, adds, everything] = [new Heard(), new Heard(), new Heard(), new Heard()];
      await client.track('scenario.p', { listener: exact.listener });
      await client.track('scenario.p', { prefix: true, listener: prefix.listener });
      await client.track('scenario.p', { prefix: true, events: ['add'], listener: adds.listener });
      await other.track('', { prefix: true, events: ['delete'], listener: everything.listener });
      for (const key of ['scenario.p', 'scenario.pq', 'scenario.p.q', 'scenario.o'])
        await client.setUint8(key, 1);
      for (const key of ['scenario.p', 'scenario.pq']) await other.increment(key);
      for (const key of ['scenario.p', 'scenario.pq', 'scenario.p.q', 'scenario.o']) await other.delete(key);
      await Promise.all([exact.count(3), prefix.count(8), adds.count(3), everything.count(4)]);
      expect(exact.short).toEqual(['add p undefined 1', 'modify p 1 2', 'delete p 2 undefined']);
      expect(prefix.short).toEqual([
        'add p undefined 1',
        'add pq undefined 1',
        'add p.q undefined 1',
        'modify p 1 2',
        'modify pq 1 2',
        'delete p 2 undefined',
        'delete pq 2 undefined',
        'delete p.q 1 undefined',
      ]);
      expect(adds.short).toEqual(['add p undefined 1', 'add pq undefined 1', 'add p.q undefined 1']);
      expect(everything.short).toEqual([
        'delete p 2 undefined',
        'delete pq 2 undefined',
        'delete p.q 1 undefined',
        'delete o 1 undefined',
      ]);
    },
  },
  {
    name: 'trackers of one key are told in corosync’s order: exact ones newest first, then the longest prefix',
    async run(target) {
      const client = await target.connect();
      const order: string[] = [];
      const track = (name: string, key: string, prefix: boolean): Promise<unknown> =>
        client.track(key, { prefix, listener: () => void order.push(name) });
      await track('all', '', true);
      await track('exact 1', 'scenario.order', false);
      await track('short prefix', 'scenario.', true);
      await track('long prefix', 'scenario.ord', true);
      await track('same prefix', 'scenario.order', true);
      await track('exact 2', 'scenario.order', false);
      await client.setUint8('scenario.order', 1);
      await waitUntil('all are told', () => order.length === 6, { everyMs: 1 });
      expect(order).toEqual(['exact 2', 'exact 1', 'same prefix', 'long prefix', 'short prefix', 'all']);
      await client.delete('scenario.order');
    },
  },
  {
    name: 'the notification of an own change is sent before its answer',
    async run(target) {
      const raw = await target.raw();
      await raw.send({ message: 'reqCmapTrackAdd', key: 'scenario.own', trackType: 7, trackInstHandle: '5' });
      await raw.send({ message: 'reqCmapSet', key: 'scenario.own', type: 2, value: '01' });
      await raw.send({ message: 'reqCmapDelete', key: 'scenario.own' });
      await waitUntil('both notifications', () => raw.events.length === 2, { everyMs: 1 });
      expect(raw.events.map((event) => event.readInt32LE(296))).toEqual([4, 1]);
    },
  },
  {
    name: 'a value of type 0, which other clients can store, is a value: the event says what happened',
    async run(target) {
      const [client, raw] = [await target.connect(), await target.raw()];
      const heard = new Heard();
      await client.track('scenario.zero', { prefix: true, listener: heard.listener });
      const set = async (key: string, type: number, value = ''): Promise<void> => {
        const { error } = await raw.send({ message: 'reqCmapSet', key: `scenario.zero.${key}`, type, value });
        expect(error).toBe(1);
      };
      await set('a', 0);
      await set('a', 2, '05');
      await set('a', 0);
      await set('a', 12, '06');
      await set('b', 0);
      await client.delete('scenario.zero.a');
      await client.delete('scenario.zero.b');
      await heard.count(7);
      const type = (value: CmapValue | undefined): string =>
        value?.type === 'unknown' ? `type ${value.typeCode}` : String(value?.type);
      expect(
        heard.events.map(
          ({ change, key, oldValue, newValue }) =>
            `${change} ${key.slice('scenario.zero.'.length)} ${type(oldValue)} -> ${type(newValue)}`,
        ),
      ).toEqual([
        'add a undefined -> type 0',
        // corosync also leaves the old value out where it counts a number of its own up.
        'modify a undefined -> uint8',
        'modify a uint8 -> type 0',
        'modify a type 0 -> binary',
        'add b undefined -> type 0',
        'delete a binary -> undefined',
        'delete b type 0 -> undefined',
      ]);
    },
  },
  {
    name: 'a deleted tracker hears no more, the others do',
    async run(target) {
      const client = await target.connect();
      const [gone, stays] = [new Heard(), new Heard()];
      const tracker = await client.track('scenario.gone', { listener: gone.listener });
      await client.track('scenario.gone', { listener: stays.listener });
      await client.setUint8('scenario.gone', 1);
      await gone.count(1);
      await tracker.close();
      await client.setUint8('scenario.gone', 2);
      await client.delete('scenario.gone');
      await stays.count(3);
      expect(gone.short).toEqual(['add gone undefined 1']);
    },
  },
  {
    name: 'thousands of notifications arrive, all and in order',
    async run(target) {
      const [client, other] = [await target.connect({ bufferSize: 65_536 }), await target.connect()];
      const heard = new Heard();
      await client.track('scenario.storm', { listener: heard.listener });
      await other.setUint32('scenario.storm', 0);
      await Promise.all(Array.from({ length: 3000 }, () => other.increment('scenario.storm')));
      await heard.count(3001);
      expect(heard.events.map(({ newValue }) => newValue?.value)).toEqual(
        Array.from({ length: 3001 }, (_, i) => i),
      );
      await other.delete('scenario.storm');
    },
  },
];
