import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageWriter } from '../../../src/codec/message-writer.ts';
import type { AnyMessage } from '../../../src/codec/message.ts';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import { RequestRing } from '../../../src/ipc/shared-memory/request-ring.ts';
import {
  FakeRequest,
  FakeUnanswered,
  FakeWithTail,
  answerFake,
  numberOf,
} from '../../helpers/fake/fake-request.ts';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';
import { Recorder, RecordingStorage } from '../../helpers/memory/recording-storage.ts';

const WORDS = 128;

function encoded(message: AnyMessage): Buffer {
  const writer = new MessageWriter(Buffer.alloc(message.size));
  message.encode(writer.begin(0, message.size));
  return writer.bytes;
}

/** Long arrays of bytes are compared a hundred times more slowly. */
const hex = (bytes: Buffer): string => bytes.toString('hex');

function takeAll(server: LibqbRing): Buffer[] {
  return Array.from({ length: server.semaphore }, () => server.take());
}

describe('RequestRing', () => {
  it('writes chunks, write pointer, semaphore, in this order and each once', () => {
    const recorder = new Recorder();
    const ring = new RequestRing(new RecordingStorage('request', new MemoryRing(WORDS), recorder));
    for (let number = 0; number < 3; number++) ring.stage(new FakeRequest(number));
    expect(recorder.writes).toEqual([]);
    expect(ring.post()).toBe(3);
    expect(recorder.writes).toEqual([
      { to: 'request', what: 'data', offset: 0, length: 120 },
      { to: 'request', what: 'write_pt', value: 30 },
      { to: 'request', what: 'semaphore', value: 3 },
    ]);
  });

  it('writes both parts of what wraps before it moves the write pointer', () => {
    const recorder = new Recorder();
    const ring = new RequestRing(new RecordingStorage('request', new MemoryRing(WORDS, 124), recorder));
    ring.stage(new FakeRequest(1));
    ring.post();
    expect(recorder.writes).toEqual([
      { to: 'request', what: 'data', offset: 496, length: 16 },
      { to: 'request', what: 'data', offset: 0, length: 24 },
      { to: 'request', what: 'write_pt', value: 6 },
      { to: 'request', what: 'semaphore', value: 1 },
    ]);
  });

  it('hands every request over unharmed at every offset of the ring and for every size around a word', () => {
    for (let start = 0; start < WORDS; start++) {
      for (let size = 28; size <= 44; size++) {
        const storage = new MemoryRing(WORDS, start);
        const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
        const requests = [
          new FakeRequest(1, { size }),
          new FakeRequest(2, { size: 33 }),
          new FakeRequest(3, { size }),
        ];
        const staged = requests.map((request) => ring.stage(request));
        ring.post();
        const received = takeAll(server);
        for (const request of received) answerFake(request); // throws at a byte from elsewhere
        const [readPointer, writePointer] = [RING_HEADER.readPointer, RING_HEADER.writePointer];
        expect([
          staged,
          received.map(numberOf),
          received.map(({ length }) => length),
          storage.readHeader(readPointer) - storage.readHeader(writePointer),
        ]).toEqual([[true, true, true], [1, 2, 3], [size, 33, size], 0]);
      }
    }
  });

  it('goes round and round', () => {
    const storage = new MemoryRing(WORDS);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 28, max: 80 }), { minLength: 1, maxLength: 6 }), (sizes) => {
        const staged = sizes.filter((size, number) => ring.stage(new FakeRequest(number, { size })));
        expect(ring.count).toBe(staged.length);
        expect(ring.post()).toBe(staged.length);
        expect(ring.count).toBe(0);
        const received = takeAll(server);
        expect(received.map(({ length }) => length)).toEqual(staged);
        for (const request of received) answerFake(request);
      }),
      { numRuns: 500 },
    );
  });

  it('clears the padding of a chunk, whatever was staged there before', () => {
    const storage = new MemoryRing(WORDS);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    ring.stage(new FakeRequest(0xff, { size: 120 }));
    ring.post();
    takeAll(server);
    const offset = storage.readHeader(RING_HEADER.writePointer) * 4;
    ring.stage(new FakeRequest(1, { size: 29 }));
    ring.stage(new FakeRequest(2, { size: 30 }));
    ring.post();
    // Each chunk: 8 bytes of header, 29 or 30 of data, padded to 40.
    expect(server.get(offset + 8 + 29, 3)).toEqual(Buffer.alloc(3));
    expect(server.get(offset + 40 + 8 + 30, 2)).toEqual(Buffer.alloc(2));
  });

  it('refuses what would fill the ring as libqb sees it, and takes it in the next batch', () => {
    const storage = new MemoryRing(WORDS);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    // Half of 512 bytes of ring, less one word and the margin of 12: 240.
    expect(ring.stage(new FakeRequest(1, { size: 192 }))).toBe(true);
    expect(ring.stage(new FakeRequest(2, { size: 36 }))).toBe(false);
    expect(ring.stage(new FakeRequest(3, { size: 32 }))).toBe(true);
    expect(ring.post()).toBe(2);
    expect(takeAll(server).map(numberOf)).toEqual([1, 3]);
    expect(ring.stage(new FakeRequest(2, { size: 36 }))).toBe(true);
    expect(ring.post()).toBe(1);
    expect(takeAll(server).map(numberOf)).toEqual([2]);
  });

  it('lets a request that is alone take the whole ring', () => {
    const storage = new MemoryRing(WORDS);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    // 512 bytes less one word and the margin of 12: 496, 8 of them for the chunk's header.
    expect(ring.stage(new FakeRequest(1, { size: 489 }))).toBe(false);
    expect(ring.stage(new FakeRequest(1, { size: 488 }))).toBe(true);
    expect(ring.stage(new FakeRequest(2, { size: 28 }))).toBe(false);
    ring.post();
    expect(takeAll(server).map(numberOf)).toEqual([1]);
  });

  it('writes long ends of requests from where they are, whole, wherever the ring wraps', () => {
    const words = 64 * 1024;
    for (const start of [0, words - 1, words - 3, words - 14_000, words - 20_000]) {
      const storage = new MemoryRing(words, start);
      const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
      const requests = [
        ...[49_152, 49_153, 3, 50_002].map((length, index) => new FakeWithTail(index, length)),
        new FakeUnanswered(4, 33, { fillsRing: true }),
      ];
      for (const request of requests) expect(ring.stage(request)).toBe(true);
      ring.post();
      expect(takeAll(server).map(hex)).toEqual(requests.map((request) => hex(encoded(request))));
      // No byte is behind the last one.
      expect(storage.readHeader(RING_HEADER.writePointer)).toBe(storage.readHeader(RING_HEADER.readPointer));
    }
  });

  it('copies only ends that are short, or have been resized', () => {
    const writesOf = (message: AnyMessage): number => {
      const recorder = new Recorder();
      const ring = new RequestRing(new RecordingStorage('request', new MemoryRing(64 * 1024), recorder));
      ring.stage(message);
      ring.post();
      return recorder.writes.filter(({ what }) => what === 'data').length;
    };
    const long = 48 * 1024;
    expect(writesOf(new FakeWithTail(1, long))).toBe(2);
    expect(writesOf(new FakeWithTail(1, long - 4))).toBe(1);
    expect(writesOf(new FakeWithTail(1, long).withTailOf(long + 4))).toBe(1);
  });

  it('encodes an end whose memory was resized meanwhile, in the room that it has', () => {
    const storage = new MemoryRing(64 * 1024);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    const grown = new FakeWithTail(1, 49_152);
    const other = new FakeWithTail(2, 49_152);
    ring.stage(grown.withTailOf(60_000));
    ring.stage(other);
    ring.post();
    expect(takeAll(server).map(hex)).toEqual([grown, other].map((request) => hex(encoded(request))));
  });

  it('is filled by requests that are made for it', () => {
    const storage = new MemoryRing(WORDS);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    const stageAll = (fillsRing: boolean): number => {
      let count = 0;
      while (ring.stage(new FakeUnanswered(count, 32, { fillsRing }))) count += 1;
      ring.post();
      takeAll(server);
      return count;
    };
    // Of 512 bytes 16 stay free, and each request takes 40.
    expect(stageAll(true)).toBe(12);
    expect(stageAll(false)).toBe(6);
  });

  it('leaves a request where it is until the next batch is handled', () => {
    const storage = new MemoryRing(WORDS);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    const fill = (): void => {
      while (ring.stage(new FakeRequest(0, { size: 28 })));
    };
    for (let round = 0; round < WORDS; round++) {
      const offset = storage.readHeader(RING_HEADER.writePointer) * 4;
      ring.stage(new FakeRequest(7, { size: 36 }));
      fill();
      ring.post();
      takeAll(server);
      const first = server.get(offset + 8, 36);
      fill();
      ring.post();
      expect(server.get(offset + 8, 36)).toEqual(first);
      takeAll(server);
    }
  });

  it('never stages more than libqb would have accepted from its own client', () => {
    fc.assert(
      fc.property(
        fc.nat(WORDS - 1),
        fc.array(fc.integer({ min: 28, max: 250 }), { minLength: 1, maxLength: 8 }),
        (start, sizes) => {
          const ours = new RequestRing(new MemoryRing(WORDS, start));
          const theirs = new LibqbRing(new MemoryRing(WORDS, start));
          for (const size of sizes) {
            if (ours.stage(new FakeRequest(1, { size })))
              expect(theirs.write(new Uint8Array(size))).toBe(true);
          }
        },
      ),
    );
  });

  it('grows its stage for large requests', () => {
    const storage = new MemoryRing(131_072);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    const sizes = [5000, 16_680, 60_000, 28, 100_000];
    for (const [number, size] of sizes.entries())
      expect(ring.stage(new FakeRequest(number, { size }))).toBe(true);
    ring.post();
    const received = takeAll(server);
    expect(received.map(({ length }) => length)).toEqual(sizes);
    for (const request of received) answerFake(request);
  });

  it('takes a request as large as the ring allows', () => {
    const words = 300_000;
    const storage = new MemoryRing(words);
    const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
    const largest = words * 4 - 24;
    expect(ring.largest).toBe(largest);
    expect(ring.stage(new FakeRequest(1, { size: largest + 1 }))).toBe(false);
    expect(ring.stage(new FakeRequest(1, { size: largest }))).toBe(true);
    ring.post();
    answerFake(server.take());
  });

  it('tells how far the server is with the last post, at every offset', () => {
    for (let start = 0; start < WORDS; start++) {
      const storage = new MemoryRing(WORDS, start);
      const [ring, server] = [new RequestRing(storage), new LibqbRing(storage)];
      expect(ring.handledBytes()).toBe(0);
      for (let round = 0; round < 3; round++) {
        for (const number of [1, 2, 3]) ring.stage(new FakeRequest(number, { size: 28 + number }));
        ring.post();
        const seen = [ring.handledBytes()];
        while (server.semaphore > 0) {
          server.take();
          seen.push(ring.handledBytes());
        }
        expect(seen).toEqual([0, 40, 80, 120]);
      }
      // Modulo the size of the ring it would be right.
      const right = storage.readHeader(RING_HEADER.readPointer);
      storage.writeHeader(RING_HEADER.readPointer, right + WORDS);
      expect(() => ring.handledBytes()).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
      storage.writeHeader(RING_HEADER.readPointer, right);
      storage.writeHeader(RING_HEADER.readPointer, (ring.handledBytes() / 4 + start + 61) % WORDS);
      expect(() => ring.handledBytes()).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
    }
  });

  it('stages no more than 256 KiB at once, however large the ring', () => {
    const ring = new RequestRing(new MemoryRing(1024 * 1024));
    let staged = 0;
    while (ring.stage(new FakeRequest(staged, { size: 1016 }))) staged += 1;
    expect(staged).toBe(256);
  });

  it('reads flow control from the header', () => {
    const storage = new MemoryRing(WORDS);
    const ring = new RequestRing(storage);
    expect(ring.flowControl()).toBe(0);
    storage.header.writeInt32LE(2, RING_HEADER.flowControl);
    expect(ring.flowControl()).toBe(2);
  });

  it.each([WORDS, WORDS + 1, 2 ** 32 - 1])('is not opened on a write pointer of %d', (writePointer) => {
    const storage = new MemoryRing(WORDS);
    storage.header.writeUInt32LE(writePointer, RING_HEADER.writePointer);
    expect(() => new RequestRing(storage)).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
  });

  it('closes its storage', () => {
    const storage = new MemoryRing(WORDS);
    new RequestRing(storage).close();
    expect(storage.closed).toBe(true);
  });
});
