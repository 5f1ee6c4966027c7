import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_MAGIC, RING_HEADER } from '../../src/codec/ring-layout.ts';
import { TrackerRegistry } from '../../src/cmap/tracking/tracker-registry.ts';
import { EventRing } from '../../src/ipc/shared-memory/event-ring.ts';
import { ResponseRing } from '../../src/ipc/shared-memory/response-ring.ts';
import { LibqbRing } from '../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../helpers/memory/memory-ring.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { BudgetStorage } from './budget-storage.ts';
import { honestNotification } from './hostile-answers.ts';
import { headerWord, ingredients, mutate, mutation } from './mutations.ts';
import { decodesOrRefuses, inBoundedMemory } from './oracle.ts';

const WORDS = 8192;
/** The least a chunk takes: two words and a response header. */
const MOST_CHUNKS = (WORDS * 4) / 32;
/** Looks at the ring for each chunk and for each call, generously. */
const BUDGET = 64;

const chunk = fc.record({
  of: ingredients,
  mutation,
  length: fc.option(fc.oneof(fc.nat({ max: 40_000 }), fc.nat({ max: 0xffffffff })), {
    freq: 8,
    nil: undefined,
  }),
  magic: fc.option(fc.constantFrom(0xa110ced0, 0xd0d0d0d0, 0), { freq: 12, nil: undefined }),
});
const ring = fc.record({
  start: fc.nat({ max: WORDS - 1 }),
  chunks: fc.array(chunk, { maxLength: 12 }),
  words: fc.dictionary(fc.constantFrom('writePointer', 'readPointer', 'semaphore'), headerWord(WORDS), {
    maxKeys: 1,
  }),
  noise: fc.array(fc.tuple(fc.nat({ max: WORDS * 4 - 1 }), fc.nat({ max: 255 })), { maxLength: 3 }),
});
type Ring = typeof ring extends fc.Arbitrary<infer T> ? T : never;

/** A ring as a server could leave it that has gone mad, or is not libqb's. */
function build({ start, chunks, words, noise }: Ring): MemoryRing {
  const storage = new MemoryRing(WORDS, start);
  const server = new LibqbRing(storage);
  for (const { of, mutation: how, length, magic } of chunks) {
    const at = storage.readHeader(RING_HEADER.writePointer) * 4;
    if (!server.write(mutate(honestNotification(of, 1n), how))) break;
    const header = server.get(at, 8);
    header.writeUInt32LE(length ?? header.readUInt32LE(0), 0);
    header.writeUInt32LE(magic ?? CHUNK_MAGIC, 4);
    server.put(at, header);
  }
  for (const [name, value] of Object.entries(words))
    storage.writeHeader(RING_HEADER[name as 'semaphore'], value);
  for (const [at, byte] of noise) storage.data[at] = byte;
  return storage;
}

describe('whatever stands in a ring, reading it ends, with messages or our error', () => {
  it(
    'events',
    async () => {
      const counts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(ring, counts, (given, list) =>
          inBoundedMemory(() => {
            const storage = new BudgetStorage(build(given), BUDGET * (list.length + given.chunks.length));
            const registry = new TrackerRegistry('fuzz', 'icmap');
            let delivered = 0;
            decodesOrRefuses(() => {
              const events = new EventRing(storage);
              for (const count of list) {
                let drained = 0;
                events.drain(count, (event) => {
                  drained += 1;
                  registry.decode(event);
                });
                expect(drained).toBe(count);
                delivered += count;
              }
            });
            expect(delivered).toBeLessThanOrEqual(list.length * MOST_CHUNKS);
          }),
        ),
        parameters(600),
      );
    },
    timeLimitMs(60_000),
  );

  it(
    'answers',
    async () => {
      const looks = fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(ring, looks, fc.nat({ max: 20_000 }), (given, list, maxBytes) =>
          inBoundedMemory(() => {
            const memory = build(given);
            const storage = new BudgetStorage(memory, BUDGET * (list.length + given.chunks.length));
            decodesOrRefuses(() => {
              memory.writeHeader(RING_HEADER.semaphore, given.words.semaphore ?? 0);
              const responses = new ResponseRing(storage);
              for (const outstanding of list) {
                memory.writeHeader(RING_HEADER.semaphore, given.chunks.length);
                const count = responses.completed(outstanding);
                expect(count).toBeLessThanOrEqual(outstanding);
                let delivered = 0;
                if (count > 0) responses.read(count, maxBytes, () => void (delivered += 1));
                expect(delivered).toBe(count);
                expect(responses.room()).toBeLessThanOrEqual(WORDS * 4);
              }
            });
          }),
        ),
        parameters(600),
      );
    },
    timeLimitMs(60_000),
  );
});
