import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CmapValue } from '../../../src/index.ts';
import { FollowedStat } from '../../../src/cmap/following/followed-stat.ts';
import type { Told } from '../../../src/cmap/following/picture.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { FakeCmap } from '../fake-cmap.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });

it('a followed key of the stats map is tracked, and read now and then, until it is released', async () => {
  const cmap = new FakeCmap();
  cmap.map.set('stats.a', uint8(1));
  const client = cmap.connect();
  const told: Told[] = [];
  let readings = 0;
  const stat = new FollowedStat(
    client,
    'stats.a',
    {
      signal: new AbortController().signal,
      known: () => [],
      told: (notification) => told.push(notification),
      readAgain: () => Promise.resolve(++readings > 0),
      failed: (error) => {
        throw error;
      },
    },
    5,
  );
  await stat.track();
  expect(await stat.read()).toEqual([{ key: 'stats.a', value: uint8(1) }]);
  cmap.set('stats.a', uint8(2));
  expect(told).toMatchObject([{ change: 'modify', key: 'stats.a' }]);
  await waitUntil('it has been read again, twice', () => readings >= 2, { everyMs: 1 });
  await stat.release();
  expect(cmap.client?.trackers.size).toBe(0);
  const before = readings;
  await sleep(30);
  expect(readings).toBe(before);
});
