import { describe, expect, it } from 'vitest';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import { takeNewRings } from '../../../src/ipc/shared-memory/new-rings.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';

const CHANNELS = ['request', 'response', 'event'] as const;
type Channel = (typeof CHANNELS)[number];
type Rings = Readonly<Record<Channel, MemoryRing>>;

/** As libqb's server makes it: its stray word comes first in the data. */
function newRing(): MemoryRing {
  const ring = new MemoryRing(4096);
  ring.data.fill(0);
  ring.data.writeUInt32LE(5, 0);
  ring.header.writeInt32LE(1, 8204);
  ring.header.writeInt32LE(128, 8216);
  return ring;
}

const newRings = (): Rings => ({ request: newRing(), response: newRing(), event: newRing() });
const copies = (rings: Rings): Buffer[] =>
  CHANNELS.flatMap((channel) => [Buffer.from(rings[channel].header), Buffer.from(rings[channel].data)]);
const areEqual = (some: readonly Buffer[], others: readonly Buffer[]): boolean =>
  Buffer.concat(some).equals(Buffer.concat(others));

describe('new rings', () => {
  it('are opened in libqb’s sense, and nothing else in them is written', () => {
    const rings = newRings();
    const before = copies(rings);
    takeNewRings(rings);
    for (const [index, after] of copies(rings).entries()) {
      const expected = before[index] ?? Buffer.alloc(0);
      if (index % 2 === 0) expected.writeInt32LE(2, 8204);
      expect(after.equals(expected)).toBe(true);
    }
  });

  it.each([0, 1, 2])('may have flow control %i by now, and a first word of 0', (flowControl) => {
    const rings = newRings();
    rings.request.header.writeInt32LE(flowControl, 8240);
    rings.request.data.writeUInt32LE(0, 0);
    expect(() => takeNewRings(rings)).not.toThrow();
  });
});

describe('rings that are not new', () => {
  const traces: readonly (readonly [string, (ring: MemoryRing) => void, RegExp])[] = [
    ['written to', (ring) => ring.header.writeUInt32LE(20, 0), /write_pt is 20/],
    ['read from', (ring) => ring.header.writeUInt32LE(20, 4), /read_pt is 20/],
    ['opened by a client', (ring) => ring.header.writeInt32LE(2, 8204), /ref_count is 2/],
    ['opened by two', (ring) => ring.header.writeInt32LE(3, 8204), /ref_count is 3/],
    ['closed by force', (ring) => ring.header.writeInt32LE(-1, 8204), /ref_count is 4294967295/],
    ['not finished', (ring) => ring.header.writeInt32LE(0, 8204), /ref_count is 0/],
    ['with a message in it', (ring) => ring.header.writeUInt32LE(1, 8208), /semaphore is 1/],
    ['waited for', (ring) => ring.header.writeUInt32LE(1, 8212), /waiters is 1/],
    ['with strange flow control', (ring) => ring.header.writeInt32LE(-1, 8240), /flow control/],
    ['with a strange first word', (ring) => ring.data.writeUInt32LE(6, 0), /data/],
    ['with what is left of a chunk', (ring) => ring.data.writeUInt32LE(0xd0d0d0d0, 4), /data/],
    ['with a byte behind the first word', (ring) => ring.data.writeUInt8(1, 4), /data/],
    ['with data', (ring) => ring.data.fill(1, 4095, 4096), /data/],
  ];

  for (const channel of CHANNELS) {
    it.each(traces)(`are refused, and nothing is written: the ${channel} ring was %s`, (_what, use, why) => {
      const rings = newRings();
      use(rings[channel]);
      const before = copies(rings);
      const expected = expect.objectContaining({
        name: 'ConnectionError',
        code: 'CS_ERR_SECURITY',
        message: expect.stringMatching(why) as unknown,
      }) as unknown;
      expect(() => takeNewRings(rings)).toThrow(expected);
      expect(areEqual(copies(rings), before)).toBe(true);
    });
  }

  it('are refused if another client opens them at the same moment', () => {
    const rings = newRings();
    const { event } = rings;
    const write = event.writeHeader.bind(event);
    event.writeHeader = (offset, value) => {
      write(offset, value);
      // As libqb's client does, by an atomic increment.
      event.header.writeInt32LE(
        event.header.readInt32LE(RING_HEADER.referenceCount) + 1,
        RING_HEADER.referenceCount,
      );
    };
    expect(() => takeNewRings(rings)).toThrow(/ref_count is 3/);
  });
});
