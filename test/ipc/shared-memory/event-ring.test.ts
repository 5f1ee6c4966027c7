import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import { CsError } from '../../../src/errors/index.ts';
import { EventRing } from '../../../src/ipc/shared-memory/event-ring.ts';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';
import { Recorder, RecordingStorage } from '../../helpers/memory/recording-storage.ts';

const WORDS = 64;
const malformed: unknown = expect.objectContaining({ code: 'CS_ERR_SECURITY' });

function open(start = 0): { storage: MemoryRing; recorder: Recorder; ring: EventRing; server: LibqbRing } {
  const storage = new MemoryRing(WORDS, start);
  const recorder = new Recorder();
  const ring = new EventRing(new RecordingStorage('event', storage, recorder));
  return { storage, recorder, ring, server: new LibqbRing(storage) };
}

function drain(ring: EventRing, count: number): number[] {
  const seen: number[] = [];
  ring.drain(count, (message) => seen.push(message.u8(0)));
  return seen;
}

describe('EventRing', () => {
  it('takes as many chunks as bytes have come, then resets: semaphore first, then read_pt', () => {
    const { ring, recorder, server } = open();
    server.write(Buffer.alloc(24, 1));
    server.write(Buffer.alloc(25, 2));
    expect(drain(ring, 2)).toEqual([1, 2]);
    expect(recorder.writes).toEqual([
      { to: 'event', what: 'semaphore', value: 0 },
      { to: 'event', what: 'read_pt', value: 17 },
    ]);
    expect(server.spaceFree()).toBe(WORDS * 4);
  });

  it('asks for a rest in a flood, but not while there is more than what was announced', () => {
    for (const unannounced of [0, 1]) {
      const storage = new MemoryRing(2 ** 18);
      const ring = new EventRing(storage);
      const server = new LibqbRing(storage);
      for (let i = 0; i < unannounced; i++) server.write(Buffer.alloc(24));
      const rests = Array.from({ length: 300 }, () => {
        for (let i = 0; i < 300; i++) server.write(Buffer.alloc(24));
        return ring.drain(300, () => undefined);
      });
      expect([rests[0], Math.max(...rests)]).toEqual([0, 1 - unannounced]);
    }
  });

  it('does not touch a chunk whose byte has not come', () => {
    const { ring, server, storage } = open();
    server.write(Buffer.alloc(24, 1));
    server.write(Buffer.alloc(24, 2));
    expect(drain(ring, 1)).toEqual([1]);
    expect(storage.readHeader(RING_HEADER.readPointer)).toBe(8);
    expect(drain(ring, 1)).toEqual([2]);
  });

  it('leaves no count behind if the server posts an event after our reset', () => {
    const { ring, server } = open();
    server.write(Buffer.alloc(24, 1));
    server.commit(Buffer.alloc(24, 2));
    expect(drain(ring, 1)).toEqual([1]);
    server.post();
    expect(drain(ring, 1)).toEqual([2]);
    // A count of 1 on an empty ring would read "full", for ever.
    expect(server.spaceFree()).toBe(WORDS * 4);
  });

  it('drains at every offset and for every length around a word', () => {
    for (let start = 0; start < WORDS; start++) {
      const { ring, server } = open(start);
      for (let length = 24; length < 60; length++) {
        expect(server.write(Buffer.alloc(length, length))).toBe(true);
        expect(server.write(Buffer.alloc(27, 1))).toBe(true);
        expect(drain(ring, 2)).toEqual([length, 1]);
      }
    }
  });

  it('gives a server that writes whenever there is room every event through, in order', () => {
    fc.assert(
      fc.property(
        fc.nat(WORDS - 1),
        fc.array(fc.tuple(fc.integer({ min: 24, max: 100 }), fc.boolean()), { maxLength: 60 }),
        (start, script) => {
          const { ring, server } = open(start);
          const sent: number[] = [];
          const seen: number[] = [];
          let bytes = 0;
          for (const [number, [length, drainNow]] of script.entries()) {
            if (server.write(Buffer.alloc(length, number))) {
              sent.push(number);
              bytes += 1;
            }
            if (drainNow && bytes > 0) {
              const count = 1 + (length % bytes);
              seen.push(...drain(ring, count));
              bytes -= count;
            }
          }
          if (bytes > 0) seen.push(...drain(ring, bytes));
          expect(seen).toEqual(sent);
          expect(server.spaceFree()).toBe(WORDS * 4);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('tells what the ring held, what was taken, and what is left, in bytes; all of it adds up around the end', () => {
    const { ring, server } = open(WORDS - 10);
    const chunk = 8 + 24;
    let taken = 0;
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 3; i++) server.write(Buffer.alloc(24));
      expect(ring.written()).toBe(taken + 3 * chunk);
      drain(ring, 2);
      taken += 2 * chunk;
      expect([ring.held, ring.lastTaken, ring.left, ring.taken]).toEqual([
        3 * chunk,
        2 * chunk,
        chunk,
        taken,
      ]);
      drain(ring, 1);
      taken += chunk;
      expect([ring.held, ring.lastTaken, ring.left, ring.taken]).toEqual([chunk, chunk, 0, taken]);
      expect(ring.written()).toBe(taken);
    }
  });

  it('has room for an event as long as it holds less than it says', () => {
    for (let length = 24; length <= 100; length++) {
      for (let filling = 24; filling < 200; filling += 5) {
        const { ring, server, storage } = open();
        server.write(Buffer.alloc(filling));
        if (ring.written() < ring.roomFor(length) && ring.roomFor(length) > (storage.wordSize * 4) / 2) {
          expect(server.write(Buffer.alloc(length))).toBe(true);
        }
      }
    }
  });

  it('says half the ring of events that may be as large as the ring', () => {
    expect(open().ring.roomFor(4 * WORDS)).toBe(2 * WORDS);
  });

  it('of a dead server gives what it had written, announced or not, and leaves the ring alone', () => {
    for (let start = 0; start < WORDS; start++) {
      const { ring, recorder, server } = open(start);
      server.write(Buffer.alloc(24, 1));
      drain(ring, 1);
      server.write(Buffer.alloc(24, 2));
      server.write(Buffer.alloc(25, 3));
      server.commit(Buffer.alloc(24, 4));
      recorder.clear();
      const seen: number[] = [];
      ring.drainRest((message) => seen.push(message.u8(0)));
      expect(seen).toEqual([2, 3, 4]);
      expect(recorder.writes).toEqual([]);
    }
  });

  it('of a server that died in the middle of writing gives what is complete', () => {
    const { ring, server, storage } = open();
    server.write(Buffer.alloc(24, 1));
    server.write(Buffer.alloc(24, 2));
    storage.data.writeUInt32LE(0xa110ced0, 8 * 4 + 4); // being written
    const seen: number[] = [];
    ring.drainRest((message) => seen.push(message.u8(0)));
    expect(seen).toEqual([1]);
    storage.header.writeUInt32LE(WORDS, RING_HEADER.writePointer);
    expect(() => ring.drainRest(() => expect.unreachable())).not.toThrow();
  });

  it('refuses a byte without an event', () => {
    const { ring, recorder } = open(7);
    expect(() => drain(ring, 1)).toThrow(malformed);
    expect(recorder.writes).toEqual([]);
  });

  it('refuses more bytes than events', () => {
    const { ring, server } = open();
    server.write(Buffer.alloc(24));
    expect(() => drain(ring, 2)).toThrow(malformed);
  });

  it.each([WORDS, WORDS + 8, 2 * WORDS + 8, 2 ** 32 - WORDS + 8])(
    'refuses a write pointer of %d',
    (writePointer) => {
      const { ring, server, storage } = open((writePointer - 8) % WORDS);
      server.write(Buffer.alloc(24));
      // Modulo the size of the ring it would be right.
      storage.header.writeUInt32LE(writePointer, RING_HEADER.writePointer);
      expect(() => drain(ring, 1)).toThrow(malformed);
    },
  );

  it('gives events or CS_ERR_SECURITY, wherever the write pointer and the chunks point', () => {
    fc.assert(
      fc.property(
        fc.nat(WORDS + 8),
        fc.nat(WORDS - 1),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.tuple(fc.nat(WORDS - 1), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 3 }),
        (writePointer, start, count, damage) => {
          const { ring, server, storage } = open(start);
          while (server.write(Buffer.alloc(24, 1)));
          for (const [word, value] of damage) storage.data.writeUInt32LE(value, word * 4);
          storage.header.writeUInt32LE(writePointer, RING_HEADER.writePointer);
          try {
            expect(drain(ring, count)).toHaveLength(count);
          } catch (error) {
            if (!(error instanceof CsError)) throw error;
            expect(error.code).toBe('CS_ERR_SECURITY');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('closes its storage', () => {
    const { ring, storage } = open();
    ring.close();
    expect(storage.closed).toBe(true);
  });
});
