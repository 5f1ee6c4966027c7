import { describe, expect, it } from 'vitest';
import { chunkBytes, chunkWords, RING_HEADER } from '../../src/codec/ring-layout.ts';

describe('ring layout', () => {
  it('is that of struct qb_ringbuffer_shared_s on 64-bit Linux', () => {
    expect(RING_HEADER).toMatchObject({
      writePointer: 0,
      readPointer: 4,
      wordSize: 8,
      dataPath: 4108,
      semaphore: 8208,
      flowControl: 8240,
    });
  });

  it.each([
    [0, 2],
    [1, 3],
    [3, 3],
    [4, 3],
    [5, 4],
    [24, 8],
    [16_425, 4109],
  ])('a chunk of %d bytes takes %d words', (length, words) => {
    expect(chunkWords(length)).toBe(words);
    expect(chunkBytes(length)).toBe(words * 4);
  });
});
