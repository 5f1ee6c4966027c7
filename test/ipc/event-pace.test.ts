import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventPace } from '../../src/ipc/event-pace.ts';

const RING = 1024 * 1024;
const EVENT = 400;

/** Drains of `events` each, `everyMs` apart, after a quiet time; and the rest after each of them. */
function rests(count: number, events: number, everyMs: number, ringBytes = RING): number[] {
  const pace = new EventPace(ringBytes);
  return Array.from({ length: count }, (_, index) =>
    pace.restAfter(events, events * EVENT, 1000 + index * everyMs),
  );
}

describe('EventPace', () => {
  it('takes events that come one by one at once, also those of a reader and a writer who wait for each other', () => {
    expect(rests(4, 1, 1000)).toEqual([0, 0, 0, 0]);
    expect(rests(4, 1, 0.03)).toEqual([0, 0, 0, 0]);
  });

  it('takes what comes after a quiet time at once, however much it is', () => {
    expect(rests(1, 1000, 0)).toEqual([0]);
  });

  it('rests while events come faster than 50 in a millisecond', () => {
    expect(rests(4, 2, 0.02)).toEqual([0, 1, 1, 1]);
    expect(rests(4, 300, 1.1)).toEqual([0, 1, 1, 1]);
    expect(rests(4, 50, 1.1)).toEqual([0, 0, 0, 0]);
  });

  it('does not rest if more would come than half of the ring', () => {
    expect(rests(3, 300, 1.1, RING / 2)).toEqual([0, 0, 0]);
    expect(rests(3, 20, 0.05, 64 * 1024)).toEqual([0, 0, 0]);
  });

  it('takes a clock that stands still for a server that is too fast to rest', () => {
    expect(rests(2, 1, 0)).toEqual([0, 0]);
  });

  it('never lets more gather than the ring holds, at the rate that it has seen', () => {
    const drain = fc.record({
      events: fc.integer({ min: 1, max: 4000 }),
      size: fc.integer({ min: 32, max: 33_000 }),
      afterMs: fc.double({ min: 0.001, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(65536, 2 ** 20, 2 ** 24),
        fc.array(drain, { minLength: 2 }),
        (ringBytes, drains) => {
          const pace = new EventPace(ringBytes);
          let now = 0;
          for (const { events, size, afterMs } of drains) {
            now += afterMs;
            const restMs = pace.restAfter(events, events * size, now);
            // A timer may take as long again as it should.
            if (restMs > 0)
              expect((events * size * 2 * restMs) / afterMs).toBeLessThanOrEqual(ringBytes / 2 + 1);
          }
        },
      ),
    );
  });
});
