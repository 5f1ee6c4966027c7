import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { RING_HEADER, chunkBytes } from '../../../src/codec/ring-layout.ts';
import { CsError } from '../../../src/errors/index.ts';
import { ChunkReader } from '../../../src/ipc/shared-memory/chunk-reader.ts';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';

const WORDS = 64;
const malformed: unknown = expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });

const bytesOf = (number: number, length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (number * 31 + at * 7 + 1) & 0xff));

/** Reads into an array of copies. */
function readAll(
  reader: ChunkReader,
  count: number,
  available: number,
): { stepped: number; chunks: Buffer[] } {
  const chunks: Buffer[] = [];
  const stepped = reader.read(count, available, (message) => {
    chunks.push(Buffer.from(message.copy(0, message.length)));
  });
  return { stepped, chunks };
}

describe('ChunkReader', () => {
  it('reads at every offset of the ring and for every length around a word', () => {
    for (let start = 0; start < WORDS; start++) {
      for (let length = 24; length <= 40; length++) {
        const storage = new MemoryRing(WORDS, start);
        const server = new LibqbRing(storage);
        const written = [bytesOf(1, length), bytesOf(2, 25), bytesOf(3, length)];
        for (const chunk of written) expect(server.write(chunk)).toBe(true);
        const reader = new ChunkReader(storage, start);
        const available = written.reduce((sum, chunk) => sum + chunkBytes(chunk.length), 0);
        expect(readAll(reader, 3, available)).toEqual({ stepped: available, chunks: written });
        expect(reader.readPointer).toBe(storage.readHeader(RING_HEADER.writePointer));
      }
    }
  });

  it('reads on in other memory where a message was given away', () => {
    const storage = new MemoryRing(64 * 1024);
    const server = new LibqbRing(storage);
    const reader = new ChunkReader(storage, 0);
    const kept: Uint8Array[] = [];
    const written: Buffer[] = [];
    for (let number = 0; number < 40; number += 1) {
      const chunk = bytesOf(number, number % 3 === 0 ? 100 : 20_000 + number);
      written.push(chunk);
      expect(server.write(chunk)).toBe(true);
      reader.read(1, chunkBytes(chunk.length), (message) => void kept.push(message.take(0, message.length)));
      storage.writeHeader(RING_HEADER.semaphore, 0);
      storage.writeHeader(RING_HEADER.readPointer, reader.readPointer);
    }
    // As texts: long arrays of bytes are compared a hundred times more slowly.
    expect(kept.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
      written.map((bytes) => bytes.toString('hex')),
    );
  });

  it('reads as many as it is told, also where more bytes are available', () => {
    const storage = new MemoryRing(WORDS);
    const server = new LibqbRing(storage);
    const written = [bytesOf(1, 24), bytesOf(2, 27), bytesOf(3, 30)];
    for (const chunk of written) server.write(chunk);
    const reader = new ChunkReader(storage, 0);
    expect(readAll(reader, 1, 240).chunks).toEqual(written.slice(0, 1));
    expect(readAll(reader, 2, 240 - 32).chunks).toEqual(written.slice(1));
  });

  it.each([
    [16 * 1024 - 8, 4],
    [16 * 1024, 3],
    [16 * 1024 + 8, 3],
    [64 * 1024, 3],
    [200_000, 2],
    [256 * 1024 - 8, 1],
    [256 * 1024, 1],
    [400_000, 1],
  ])('grows its window for chunks of %d bytes', (length, count) => {
    const words = 120_000;
    for (const start of [0, words - 10, words - 4000]) {
      const storage = new MemoryRing(words, start);
      const server = new LibqbRing(storage);
      const written = Array.from({ length: count }, (_, number) => bytesOf(number, length));
      for (const chunk of written) expect(server.write(chunk)).toBe(true);
      const { chunks } = readAll(new ChunkReader(storage, start), count, chunkBytes(length) * count);
      expect(Buffer.concat(chunks).equals(Buffer.concat(written))).toBe(true);
    }
  });

  it('reads many small chunks that lie across the edges of its window', () => {
    const storage = new MemoryRing(60_000, 59_000);
    const server = new LibqbRing(storage);
    const written = Array.from({ length: 2000 }, (_, number) => bytesOf(number, 24 + (number % 50)));
    for (const chunk of written) expect(server.write(chunk)).toBe(true);
    const available = written.reduce((sum, chunk) => sum + chunkBytes(chunk.length), 0);
    const { chunks } = readAll(new ChunkReader(storage, 59_000), 2000, available);
    expect(Buffer.concat(chunks).equals(Buffer.concat(written))).toBe(true);
  });

  it('reads a chunk as large as the ring allows, and takes no more memory than that', () => {
    const words = 300_000;
    const storage = new MemoryRing(words, 1000);
    const largest = bytesOf(1, words * 4 - 24);
    expect(new LibqbRing(storage).write(largest)).toBe(true);
    const allocated = vi.spyOn(Buffer, 'allocUnsafe');
    const { chunks } = readAll(new ChunkReader(storage, 1000), 1, chunkBytes(largest.length));
    const most = Math.max(...allocated.mock.calls.map(([size]) => size));
    allocated.mockRestore();
    expect(Buffer.concat(chunks).equals(largest)).toBe(true);
    expect(most).toBeLessThanOrEqual(words * 4);
  });

  it('takes little memory for small chunks, however many and however large the ring', () => {
    const storage = new MemoryRing(300_000);
    const server = new LibqbRing(storage);
    for (let i = 0; i < 5000; i++) server.write(bytesOf(i, 100));
    const allocated = vi.spyOn(Buffer, 'allocUnsafe');
    const reader = new ChunkReader(storage, 0);
    for (let i = 0; i < 5; i++) reader.read(1000, chunkBytes(100) * (5000 - i * 1000), () => undefined);
    const most = Math.max(...allocated.mock.calls.map(([size]) => size));
    allocated.mockRestore();
    expect(most).toBe(256 * 1024);
  });

  it.each([0xd0d0d0d0, 0xa110ced0, 0, 0xeeeeeeee, 0xa1a1a1a0])('refuses the magic %d', (magic) => {
    const storage = new MemoryRing(WORDS);
    new LibqbRing(storage).write(bytesOf(1, 24));
    storage.data.writeUInt32LE(magic, 4);
    expect(() => readAll(new ChunkReader(storage, 0), 1, 32)).toThrow(malformed);
  });

  // 24 bytes are the least a message can have: the response header.
  it.each([0, 23, 25, 0x7fffffff, 0x80000000, 0xffffffff])('refuses a length of %d in 32 bytes', (length) => {
    const storage = new MemoryRing(WORDS);
    new LibqbRing(storage).write(bytesOf(1, 24));
    storage.data.writeUInt32LE(length, 0);
    expect(() => readAll(new ChunkReader(storage, 0), 1, 32)).toThrow(malformed);
  });

  it.each([0, 4, 7])('refuses a chunk where only %d bytes are', (available) => {
    const storage = new MemoryRing(WORDS);
    new LibqbRing(storage).write(bytesOf(1, 24));
    expect(() => readAll(new ChunkReader(storage, 0), 1, available)).toThrow(malformed);
  });

  it('refuses a second chunk where only one is', () => {
    const storage = new MemoryRing(WORDS);
    new LibqbRing(storage).write(bytesOf(1, 24));
    expect(() => readAll(new ChunkReader(storage, 0), 2, 32)).toThrow(malformed);
  });

  it.each([WORDS, WORDS + 1, 2 ** 32 - 1])('does not start at word %d', (readPointer) => {
    expect(() => new ChunkReader(new MemoryRing(WORDS), readPointer)).toThrow(malformed);
  });

  it('gives chunks or CS_ERR_SECURITY for any ring at all, and reads nothing outside', () => {
    const word = fc.oneof(
      { weight: 3, arbitrary: fc.constant(0xa1a1a1a1) },
      { weight: 3, arbitrary: fc.integer({ min: 20, max: 60 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
    );
    fc.assert(
      fc.property(
        fc.array(word, { minLength: WORDS, maxLength: WORDS }),
        fc.nat(WORDS - 1),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(WORDS).map((words) => words * 4),
        (words, start, count, available) => {
          const storage = new MemoryRing(WORDS);
          for (const [at, value] of words.entries()) storage.data.writeUInt32LE(value, at * 4);
          try {
            const { stepped, chunks } = readAll(new ChunkReader(storage, start), count, available);
            expect(chunks).toHaveLength(count);
            expect(stepped).toBeLessThanOrEqual(available);
          } catch (error) {
            if (!(error instanceof CsError)) throw error;
            expect(error.code).toBe('CS_ERR_SECURITY');
          }
        },
      ),
      { numRuns: 4000 },
    );
  });
});
