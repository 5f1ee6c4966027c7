import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { CmapTracker } from 'corosync-client';
import type { Check } from '../cell.ts';

const FLOOD = 2000;

type Told = readonly [event: string, key: string, oldValue: unknown, newValue: unknown];

/** The first notifications of a tracker, which then ends. */
async function first(tracker: CmapTracker, count: number): Promise<Told[]> {
  const told: Told[] = [];
  for await (const event of tracker) {
    if (event.kind !== 'notification') return assert.fail(`${event.dropped} notifications are missing`);
    told.push([event.change, event.key, event.oldValue?.value, event.newValue?.value]);
    if (told.length === count) break;
  }
  return told;
}

export const tracking: readonly Check[] = [
  {
    name: 'track a key',
    async run(cell) {
      const client = await cell.connect();
      const tracker = await client.track('matrix.track.key');
      await client.setUint32('matrix.track.key.longer', 1); // not told
      await client.setUint32('matrix.track.key', 1);
      await client.setUint32('matrix.track.key', 1); // no change
      await client.increment('matrix.track.key');
      await client.setString('matrix.track.key', 'three');
      await client.delete('matrix.track.key');
      assert.deepEqual(await first(tracker, 4), [
        ['add', 'matrix.track.key', undefined, 1],
        ['modify', 'matrix.track.key', 1, 2],
        ['modify', 'matrix.track.key', 2, 'three'],
        ['delete', 'matrix.track.key', 'three', undefined],
      ]);
      await client.delete('matrix.track.key.longer');
    },
  },
  {
    name: "track a prefix, changed by corosync's own tool",
    async run(cell) {
      const client = await cell.connect();
      const tracker = await client.track('matrix.track.', { prefix: true });
      const set = (...args: string[]): unknown => execFileSync('corosync-cmapctl', args);
      set('-s', 'matrix.track.a', 'str', 'one');
      set('-s', 'matrix.track.b', 'u64', '18446744073709551615');
      set('-s', 'matrix.track.a', 'str', '');
      set('-d', 'matrix.track.b');
      set('-D', 'matrix.track.');
      assert.deepEqual(await first(tracker, 5), [
        ['add', 'matrix.track.a', undefined, 'one'],
        ['add', 'matrix.track.b', undefined, 2n ** 64n - 1n],
        ['modify', 'matrix.track.a', 'one', ''],
        ['delete', 'matrix.track.b', 2n ** 64n - 1n, undefined],
        ['delete', 'matrix.track.a', '', undefined],
      ]);
    },
  },
  {
    name: 'track only some events, and stop tracking',
    async run(cell) {
      const client = await cell.connect();
      const deletes = await client.track('matrix.track.', { prefix: true, events: ['delete'] });
      const stopped = await client.track('matrix.track.', { prefix: true });
      await client.setUint8('matrix.track.c', 1);
      await stopped.close();
      await client.setUint8('matrix.track.c', 2);
      await client.delete('matrix.track.c');
      assert.deepEqual(await first(deletes, 1), [['delete', 'matrix.track.c', 2, undefined]]);
      for await (const { kind } of stopped) assert.fail(`a ${kind} after the end`);
    },
  },
  {
    name: `${FLOOD.toLocaleString('en')} notifications in order`,
    async run(cell) {
      const client = await cell.connect();
      const tracker = await client.track('matrix.track.flood');
      const writer = await cell.connect();
      await Promise.all(
        Array.from({ length: FLOOD }, (_, n) => writer.setUint32('matrix.track.flood', n + 1)),
      );
      const told = await first(tracker, FLOOD);
      assert.deepEqual(
        told.map(([, , , value]) => value),
        Array.from({ length: FLOOD }, (_, n) => n + 1),
      );
      await writer.delete('matrix.track.flood');
    },
  },
];
