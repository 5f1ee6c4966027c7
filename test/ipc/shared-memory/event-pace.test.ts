import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventPace } from '../../../src/ipc/shared-memory/event-pace.ts';

const RING = 1024 * 1024;
const EVENT = 400;
/** Rests as timers make them. */
const REST_TAKES_MS = 1.1;

interface Traffic {
  readonly events: number;
  /** Between two drains, where there is no rest. */
  readonly everyMs: number;
  readonly forMs: number;
}

/** Drives a pace through traffic that comes at this rate whatever the reader does; or, if it waits for the reader, only after each drain. */
class Drive {
  readonly #pace: EventPace;
  #now = 1000;
  mostBytes = 0;

  constructor(ringBytes = RING) {
    this.#pace = new EventPace(ringBytes);
  }

  /** How many rests there were. */
  run({ events, everyMs, forMs }: Traffic, waitsForReader = false): number {
    const until = this.#now + forMs;
    let rests = 0;
    let tookMs = everyMs;
    while (this.#now < until) {
      this.#now += tookMs;
      const came = waitsForReader ? events : Math.round((events * tookMs) / everyMs);
      this.mostBytes = Math.max(this.mostBytes, came * EVENT);
      const restMs = this.#pace.restAfter(came, came * EVENT, 0, this.#now);
      tookMs = restMs > 0 ? restMs * REST_TAKES_MS : everyMs;
      if (restMs > 0) rests += 1;
    }
    return rests;
  }

  quiet(ms: number): void {
    this.#now += ms;
  }
}

describe('EventPace', () => {
  it('takes events that come one by one at once', () => {
    expect(new Drive().run({ events: 1, everyMs: 0.03, forMs: 100 })).toBe(0);
  });

  it('takes what comes after a quiet time at once, and the rest of a burst', () => {
    const drive = new Drive();
    for (let i = 0; i < 100; i++) {
      drive.quiet(20);
      expect(drive.run({ events: 40, everyMs: 0.1, forMs: 0.8 })).toBe(0);
    }
  });

  it('rests while more than 50 come in a millisecond, and stops when fewer come', () => {
    const drive = new Drive();
    expect(drive.run({ events: 10, everyMs: 0.05, forMs: 110 })).toBeGreaterThan(90);
    expect(drive.run({ events: 2, everyMs: 0.05, forMs: 110 })).toBeLessThanOrEqual(1);
    expect(drive.run({ events: 10, everyMs: 0.05, forMs: 110 })).toBeGreaterThan(80);
  });

  it('leaves alone who waits for the reader before he goes on, however quick both are', () => {
    const drive = new Drive();
    const pingPong = { events: 5, everyMs: 0.03, forMs: 2000 };
    const rests = drive.run(pingPong, true);
    expect(rests).toBeGreaterThan(0);
    // After 8, 16, 32, ... 512, 512 ms.
    expect(rests).toBeLessThanOrEqual(10);
    expect(drive.run(pingPong, true)).toBeLessThanOrEqual(4);
  });

  it('rests again in a flood that comes after that, and is quick to notice that it is over', () => {
    const drive = new Drive();
    const pingPong = { events: 5, everyMs: 0.03, forMs: 2000 };
    drive.run(pingPong, true);
    expect(drive.run({ events: 10, everyMs: 0.05, forMs: 700 })).toBeGreaterThan(150);
    expect(drive.run({ ...pingPong, forMs: 60 }, true)).toBeGreaterThanOrEqual(3);
  });

  it('does not rest while corosync waits for us to read the socket', () => {
    const pace = new EventPace(RING);
    const restMs = (left: number, now: number): number => pace.restAfter(300, 300 * EVENT, left, now);
    expect([restMs(0, 0), restMs(0, 1.1), restMs(352, 2.2), restMs(0, 3.3)]).toEqual([0, 1, 0, 1]);
  });

  it('does not rest on a clock that stands still', () => {
    const pace = new EventPace(RING);
    const rests = Array.from({ length: 4 }, () => pace.restAfter(300, 300 * EVENT, 0, 1000));
    expect(rests).toEqual([0, 0, 0, 0]);
  });

  it('does not rest if more would come than half of the ring', () => {
    expect(new Drive(64 * 1024).run({ events: 10, everyMs: 0.05, forMs: 100 })).toBe(0);
    expect(new Drive(RING / 4).run({ events: 20, everyMs: 0.05, forMs: 100 })).toBe(0);
  });

  it('counts what comes in a millisecond, however long it was not looked', () => {
    const rests = [500, 200].map((events) => {
      const pace = new EventPace(RING);
      pace.restAfter(events, events * EVENT, 0, 0);
      return pace.restAfter(events, events * EVENT, 0, 5);
    });
    expect(rests).toEqual([1, 0]);
  });

  it('lets no more than half the ring gather, at any steady rate', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(65536, 2 ** 20, 2 ** 24),
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0.02, max: 0.5, noNaN: true }),
        (ringBytes, events, everyMs) => {
          const drive = new Drive(ringBytes);
          const rests = drive.run({ events, everyMs, forMs: 30 });
          if (rests > 0) expect(drive.mostBytes).toBeLessThanOrEqual(ringBytes / 2);
        },
      ),
    );
  });
});
