import { expect, it } from 'vitest';
import { ReadingPace } from '../../src/cluster/live/reading-pace.ts';

it('lets a few readings begin at once, then one in half a second, and after a rest a few again', () => {
  const pace = new ReadingPace();
  expect([0, 0, 10, 10].map((now) => Math.round(pace.next(1000 + now)))).toEqual([0, 0, 0, 0]);
  expect(pace.next(1010)).toBeCloseTo(490, 0);
  expect(pace.next(1500)).toBeCloseTo(500, 0);
  expect(pace.next(2000)).toBeCloseTo(500, 0);
  expect([0, 0, 0, 0].map(() => pace.next(9000))).toEqual([0, 0, 0, 0]);
});
