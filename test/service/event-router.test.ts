import { describe, expect, it } from 'vitest';
import { LocalGetRequest } from '../../src/codec/cfg/local-get.ts';
import { ConnectionError } from '../../src/errors/index.ts';
import { DEAF, EventRouter } from '../../src/service/event-router.ts';
import { readerAmongDirt } from '../helpers/memory/memory-stage.ts';

function route(): { router: EventRouter<number>; told: unknown[] } {
  const told: unknown[] = [];
  const router = new EventRouter<number>({
    decode: (event) => (event.u8(0) === 0 ? undefined : event.u8(0)),
    deliver: (event) => void told.push(event),
    ended: (error) => void told.push(error?.code ?? 'closed'),
  });
  return { router, told };
}

describe('an EventRouter', () => {
  it('keeps what it has decoded until corosync has its room back, in order', () => {
    const { router, told } = route();
    for (const byte of [1, 2, 3]) router.onEvent(readerAmongDirt(Buffer.of(byte)));
    expect(told).toEqual([]);
    router.onDrained();
    expect(told).toEqual([1, 2, 3]);
    router.onDrained();
    expect(told).toEqual([1, 2, 3]);
  });

  it('drops what nobody wants', () => {
    const { router, told } = route();
    for (const byte of [0, 7, 0]) router.onEvent(readerAmongDirt(Buffer.of(byte)));
    router.onDrained();
    expect(told).toEqual([7]);
  });

  it('does not tell again what a receiver that throws has been told', () => {
    const seen: number[] = [];
    const router = new EventRouter<number>({
      decode: (event) => event.u8(0),
      deliver: (event) => {
        seen.push(event);
        throw new Error('a mistake');
      },
      ended: () => undefined,
    });
    router.onEvent(readerAmongDirt(Buffer.of(1)));
    expect(() => router.onDrained()).toThrow('a mistake');
    router.onDrained();
    expect(seen).toEqual([1]);
  });

  it('tells of the end', () => {
    const { router, told } = route();
    router.onClosed(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }));
    expect(told).toEqual(['CS_ERR_LIBRARY']);
  });

  it('tells when events begin to wait inside corosync, and what fetches them', () => {
    const { router } = route();
    expect(() => router.onBehind(true)).not.toThrow();
    const told: boolean[] = [];
    router.whenBehind((behind) => void told.push(behind));
    for (const behind of [true, false]) router.onBehind(behind);
    expect(told).toEqual([true, false]);
    expect(router.waking).toBeUndefined();
    const waking = { wake: () => new LocalGetRequest(), largestEvent: 8192 };
    expect(new EventRouter({ ...DEAF, waking }).waking).toBe(waking);
  });
});
