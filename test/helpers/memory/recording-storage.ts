import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import type { RingStorage } from '../../../src/ipc/shared-memory/ring-storage.ts';

/** A write to shared memory, or bytes to the socket, in the order in which they happened. */
export type Write =
  | { readonly to: string; readonly what: 'data'; readonly offset: number; readonly length: number }
  | { readonly to: string; readonly what: 'write_pt' | 'read_pt' | 'semaphore'; readonly value: number }
  | { readonly to: 'socket'; readonly what: 'bytes'; readonly count: number };

const WORDS: Readonly<Record<number, 'write_pt' | 'read_pt' | 'semaphore'>> = {
  [RING_HEADER.writePointer]: 'write_pt',
  [RING_HEADER.readPointer]: 'read_pt',
  [RING_HEADER.semaphore]: 'semaphore',
};

/** Keeps a list of what a client writes, and lets a test look at the moment before each write. */
export class Recorder {
  readonly writes: Write[] = [];
  before: (write: Write) => void = () => undefined;
  /** Called before the client looks at a word of a header: whatever the server does here, it does at the same time. */
  beforeLook: (ring: string, offset: number) => void = () => undefined;

  record(write: Write): void {
    this.before(write);
    this.writes.push(write);
  }

  /** As words, for comparing: 'request data', 'request write_pt', ... */
  get order(): string[] {
    return this.writes.map(({ to, what }) => `${to} ${what}`);
  }

  clear(): void {
    this.writes.length = 0;
  }
}

/** A ring that records what is written through it. */
export class RecordingStorage implements RingStorage {
  readonly #name: string;
  readonly #storage: RingStorage;
  readonly #recorder: Recorder;

  constructor(name: string, storage: RingStorage, recorder: Recorder) {
    this.#name = name;
    this.#storage = storage;
    this.#recorder = recorder;
  }

  get wordSize(): number {
    return this.#storage.wordSize;
  }

  readHeader(offset: number): number {
    this.#recorder.beforeLook(this.#name, offset);
    return this.#storage.readHeader(offset);
  }

  writeHeader(offset: number, value: number): void {
    const what = WORDS[offset];
    if (what === undefined) throw new Error(`the word at ${offset} is not the client's to write`);
    this.#recorder.record({ to: this.#name, what, value });
    this.#storage.writeHeader(offset, value);
  }

  readData(offset: number, into: Buffer, at: number, length: number): void {
    this.#storage.readData(offset, into, at, length);
  }

  writeData(offset: number, from: Buffer, at: number, length: number): void {
    this.#recorder.record({ to: this.#name, what: 'data', offset, length });
    this.#storage.writeData(offset, from, at, length);
  }

  close(): void {
    this.#storage.close();
  }
}
