import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type RingName = 'request' | 'response' | 'event';

const WORD = 4;
const CHUNK_HEADER = 2 * WORD;

/**
 * Reads what went through the rings of somebody else's connection, afterwards: libqb only marks a chunk as
 * reclaimed and clears its length, the message stays until the ring comes round again.
 */
export class RingRecorder {
  readonly #directory: string;
  readonly #service: string;
  readonly #next: Record<RingName, number> = { request: 0, response: 0, event: 0 };

  constructor(directory: string, service: string) {
    this.#directory = directory;
    this.#service = service;
  }

  /** The messages written since the last take() of this ring. Nobody may be writing meanwhile. */
  take(ring: RingName): Buffer[] {
    const header = readFileSync(join(this.#directory, `qb-${ring}-${this.#service}-header`));
    const writePointer = header.readUInt32LE(0);
    const words = header.readUInt32LE(8);
    const data = readFileSync(join(this.#directory, `qb-${ring}-${this.#service}-data`));
    const unrolled = Buffer.concat([data.subarray(0, words * WORD), data.subarray(0, words * WORD)]);
    const messages: Buffer[] = [];
    while (this.#next[ring] !== writePointer) {
      const start = this.#next[ring] * WORD + CHUNK_HEADER;
      const size = unrolled.readInt32LE(start + 8); // of the message's own header
      if (size < 16 || size > words * WORD) throw new Error(`the ${ring} ring holds no message at ${start}`);
      messages.push(Buffer.from(unrolled.subarray(start, start + size)));
      this.#next[ring] = (this.#next[ring] + 2 + Math.ceil(size / WORD)) % words;
    }
    return messages;
  }
}
