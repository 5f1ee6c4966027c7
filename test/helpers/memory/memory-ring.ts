import { RING_HEADER, WORD_SIZE } from '../../../src/codec/ring-layout.ts';
import type { RingStorage } from '../../../src/ipc/shared-memory/ring-storage.ts';

const HEADER_FILE_SIZE = 8252;
const FILLER = 0xee;

/** A ring in memory. It throws plain errors, which no code under test expects, on any access outside or after close. */
export class MemoryRing implements RingStorage {
  readonly wordSize: number;
  readonly header = Buffer.alloc(HEADER_FILE_SIZE);
  readonly data: Buffer;
  closed = false;

  /** @param startWord where both pointers stand, as in a ring that has been in use */
  constructor(wordSize: number, startWord = 0) {
    this.wordSize = wordSize;
    this.data = Buffer.alloc(wordSize * WORD_SIZE, FILLER);
    this.header.writeUInt32LE(startWord, RING_HEADER.writePointer);
    this.header.writeUInt32LE(startWord, RING_HEADER.readPointer);
    this.header.writeUInt32LE(wordSize, RING_HEADER.wordSize);
  }

  readHeader(offset: number): number {
    this.#checkOpen();
    return this.header.readUInt32LE(offset);
  }

  writeHeader(offset: number, value: number): void {
    this.#checkOpen();
    const words: number[] = [
      RING_HEADER.writePointer,
      RING_HEADER.readPointer,
      RING_HEADER.semaphore,
      RING_HEADER.referenceCount,
    ];
    if (!words.includes(offset)) throw new Error(`the word at ${offset} is not the client's to write`);
    this.header.writeUInt32LE(value, offset);
  }

  readData(offset: number, into: Buffer, at: number, length: number): void {
    this.#check('read', offset, into, at, length);
    this.data.copy(into, at, offset, offset + length);
  }

  writeData(offset: number, from: Uint8Array, at: number, length: number): void {
    this.#check('write', offset, from, at, length);
    this.data.set(from.subarray(at, at + length), offset);
  }

  close(): void {
    this.closed = true;
  }

  #check(what: string, offset: number, buffer: Uint8Array, at: number, length: number): void {
    this.#checkOpen();
    const values = [offset, at, length];
    if (values.some((value) => !Number.isInteger(value) || value < 0) || length === 0) {
      throw new Error(`senseless ${what}: offset ${offset}, at ${at}, length ${length}`);
    }
    if (offset + length > this.data.length) {
      throw new Error(`${what} of ${length} bytes at ${offset} passes the end of the ring`);
    }
    if (at + length > buffer.length)
      throw new Error(`${what} of ${length} bytes at ${at} passes the end of the buffer`);
  }

  #checkOpen(): void {
    if (this.closed) throw new Error('the ring was used after close');
  }
}
