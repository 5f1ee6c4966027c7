import { describe, expect, it } from 'vitest';
import { DatagramEvents } from '../../../src/ipc/datagram/datagram-events.ts';

const LIMITS = { queueLength: 10, sendBufferSize: 212_992 };

/** corosync's counter, which has 32 bits and a sign. */
function open(): { sent: number; events: DatagramEvents } {
  const counter = { sent: 0 };
  const events = new DatagramEvents({ eventsSent: () => counter.sent | 0 }, LIMITS);
  return Object.assign(counter, { events });
}

describe('DatagramEvents', () => {
  it('counts what has come beside what corosync has sent', () => {
    const counter = open();
    const { events } = counter;
    counter.sent = 3;
    expect([events.written(), events.taken]).toEqual([3, 0]);
    expect(events.take(400)).toEqual({ held: 3, left: 2 });
    counter.sent = 4;
    expect(events.take(400)).toEqual({ held: 3, left: 2 });
    expect([events.written(), events.taken]).toEqual([4, 2]);
  });

  it('remembers the most that has waited until nothing does: by then the largest of them is known', () => {
    const counter = open();
    const { events } = counter;
    counter.sent = 4;
    expect([1, 2, 3, 4].map(() => events.take(400))).toEqual([
      { held: 4, left: 3 },
      { held: 4, left: 2 },
      { held: 4, left: 1 },
      { held: 4, left: 0 },
    ]);
    counter.sent = 5;
    expect(events.take(400)).toEqual({ held: 1, left: 0 });
  });

  it('bears with an event that comes before it is counted', () => {
    const counter = open();
    const { events } = counter;
    expect(events.take(400)).toEqual({ held: 0, left: 0 });
    expect([events.written(), events.taken]).toEqual([1, 1]);
    counter.sent = 1;
    expect(events.written()).toBe(1);
    counter.sent = 2;
    expect(events.written()).toBe(2);
  });

  it('goes on where the counter of corosync begins again', () => {
    const counter = open();
    const { events } = counter;
    counter.sent = 5;
    for (let i = 0; i < 5; i++) events.take(24);
    counter.sent = 2 ** 32 + 7;
    expect(events.written()).toBe(7);
  });

  it('has room for as many as the queue is long, or as the sender may have unread of the largest that came', () => {
    const counter = open();
    const { events } = counter;
    expect(events.room).toBe(10);
    counter.sent = 2;
    events.take(400);
    expect(events.room).toBe(10);
    events.take(33_106);
    expect(events.room).toBe(3);
    counter.sent = 3;
    events.take(400);
    expect(events.room).toBe(3);
  });

  it('has room for one, however large', () => {
    const counter = open();
    counter.sent = 1;
    counter.events.take(200_000);
    expect(counter.events.room).toBe(1);
  });
});
