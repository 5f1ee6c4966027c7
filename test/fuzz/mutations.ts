import fc, { type Arbitrary } from 'fast-check';
import type { Ingredients } from './hostile-answers.ts';

/** What becomes of a message before it is written to the ring. */
export type Mutation =
  | { readonly kind: 'none' }
  | { readonly kind: 'overwrite'; readonly changes: readonly (readonly [at: number, byte: number])[] }
  | { readonly kind: 'cut'; readonly part: number }
  | { readonly kind: 'extend'; readonly bytes: Uint8Array }
  | { readonly kind: 'replace'; readonly bytes: Uint8Array }
  | { readonly kind: 'another answer'; readonly id: number };

/** Where the fields of all messages are that decide something: header, lengths, types, names. */
const DECISIVE = [0, 1, 3, 8, 9, 11, 16, 17, 24, 25, 31, 32, 288, 292, 296, 304, 312, 320, 324, 328, 332];
const offset = fc.oneof(fc.constantFrom(...DECISIVE), fc.nat({ max: 400 }));
const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat({ max: 255 }));

export const mutation: Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Mutation>({ kind: 'none' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('overwrite' as const),
      changes: fc.array(fc.tuple(offset, byte), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('extend' as const), bytes: fc.uint8Array({ minLength: 1 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('replace' as const), bytes: fc.uint8Array({ maxLength: 400 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('another answer' as const),
      id: fc.integer({ min: 0, max: 11 }),
    }),
  },
);

export function mutate(message: Buffer, mutation: Mutation): Buffer {
  const copy = Buffer.from(message);
  switch (mutation.kind) {
    case 'none':
      return copy;
    case 'overwrite':
      for (const [at, to] of mutation.changes) copy[at % copy.length] = to;
      return copy;
    case 'cut':
      return copy.subarray(0, Math.floor(mutation.part * copy.length));
    case 'extend':
      return Buffer.concat([copy, mutation.bytes]);
    case 'replace':
      return Buffer.from(mutation.bytes);
    case 'another answer':
      copy.writeInt32LE(mutation.id, 0);
      return copy;
  }
}

export const ingredients: Arbitrary<Ingredients> = fc.record({
  key: fc.constantFrom('a.b', 'fuzz.key', 'x'.repeat(255)),
  type: fc.integer({ min: 0, max: 14 }),
  valueLength: fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 400 }), fc.constant(16_385)),
  pattern: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  handle: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  error: fc.oneof(
    { weight: 5, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: -1, max: 40 }) },
  ),
});

/** A word of a ring's header: small, around the ring's size, around the ends of its type. */
export function headerWord(wordSize: number): Arbitrary<number> {
  return fc.oneof(
    fc.nat({ max: wordSize - 1 }),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom(wordSize, wordSize + 1, 0x7fffffff, 0x80000000, 0xffffffff),
    fc.nat({ max: 0xffffffff }),
  );
}
