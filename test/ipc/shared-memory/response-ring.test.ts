import { describe, expect, it } from 'vitest';
import { RING_HEADER, chunkBytes } from '../../../src/codec/ring-layout.ts';
import { ResponseRing } from '../../../src/ipc/shared-memory/response-ring.ts';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';
import { Recorder, RecordingStorage } from '../../helpers/memory/recording-storage.ts';

const WORDS = 64;
/** 256 bytes less one word and libqb's margin of 12. */
const CAPACITY = 240;
const malformed: unknown = expect.objectContaining({ code: 'CS_ERR_SECURITY' });

interface Bench {
  readonly storage: MemoryRing;
  readonly recorder: Recorder;
  readonly ring: ResponseRing;
  readonly server: LibqbRing;
}

function open(start = 0): Bench {
  const storage = new MemoryRing(WORDS, start);
  const recorder = new Recorder();
  return {
    storage,
    recorder,
    ring: new ResponseRing(new RecordingStorage('response', storage, recorder)),
    server: new LibqbRing(storage),
  };
}

/** The server answers `count` times with `length` bytes, and we read it all. */
function exchange({ ring, server }: Bench, count: number, length: number): void {
  for (let i = 0; i < count; i++) expect(server.write(Buffer.alloc(length, i + 1))).toBe(true);
  expect(ring.completed(count)).toBe(count);
  const seen: number[] = [];
  ring.read(count, chunkBytes(length) * count, (message) => seen.push(message.u8(0)));
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => i + 1));
}

describe('ResponseRing', () => {
  it('writes nothing while it reads', () => {
    const bench = open();
    exchange(bench, 3, 24);
    expect(bench.recorder.writes).toEqual([]);
  });

  it('tells of as many answers as the semaphore says, less those that were read', () => {
    const bench = open();
    expect(bench.ring.completed(3)).toBe(0);
    bench.server.write(Buffer.alloc(24));
    expect(bench.ring.completed(3)).toBe(1);
    bench.ring.read(1, 32, () => undefined);
    expect(bench.ring.completed(2)).toBe(0);
    bench.server.write(Buffer.alloc(24));
    bench.server.write(Buffer.alloc(24));
    expect(bench.ring.completed(2)).toBe(2);
  });

  it('refuses more answers than requests', () => {
    const bench = open();
    bench.server.write(Buffer.alloc(24));
    bench.server.write(Buffer.alloc(24));
    expect(() => bench.ring.completed(1)).toThrow(malformed);
  });

  it('refuses a semaphore that went down by itself', () => {
    const bench = open();
    exchange(bench, 2, 24);
    bench.storage.writeHeader(RING_HEADER.semaphore, 1);
    expect(() => bench.ring.completed(1)).toThrow(malformed);
  });

  it('takes back what was read when less than half is left: semaphore first, then read_pt', () => {
    const bench = open();
    exchange(bench, 3, 24);
    expect(bench.ring.room()).toBe(CAPACITY - 96);
    expect(bench.recorder.writes).toEqual([]);
    exchange(bench, 1, 24);
    expect(bench.ring.room()).toBe(CAPACITY);
    expect(bench.recorder.writes).toEqual([
      { to: 'response', what: 'semaphore', value: 0 },
      { to: 'response', what: 'read_pt', value: 32 },
    ]);
    expect(bench.server.spaceFree()).toBe(WORDS * 4);
  });

  it('never says there is more room than libqb has, at any offset', () => {
    for (let start = 0; start < WORDS; start++) {
      const bench = open(start);
      for (let round = 0; round < 20; round++) {
        const room = bench.ring.room();
        expect(room).toBeLessThanOrEqual(bench.server.spaceFree());
        const length = 24 + ((start + round) % 9);
        exchange(bench, Math.floor(room / chunkBytes(length)), length);
      }
    }
  });

  it('is not opened with answers in it', () => {
    const storage = new MemoryRing(WORDS);
    new LibqbRing(storage).write(Buffer.alloc(24));
    expect(() => new ResponseRing(storage)).toThrow(malformed);
  });

  it('is not opened on a read pointer outside', () => {
    const storage = new MemoryRing(WORDS);
    storage.header.writeUInt32LE(WORDS, RING_HEADER.readPointer);
    expect(() => new ResponseRing(storage)).toThrow(malformed);
  });

  it('closes its storage', () => {
    const { ring, storage } = open();
    ring.close();
    expect(storage.closed).toBe(true);
  });
});
