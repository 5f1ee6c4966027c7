import type { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';

const CHUNK = 65536;

/** Standard output could not be written; the cause is the system error. */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(cause: Error) {
    super(`cannot write to standard output: ${cause.message}`, { cause });
  }

  /** Whoever read our output has gone, `head` for example: not an error to talk about. */
  get isBrokenPipe(): boolean {
    return this.cause instanceof Error && 'code' in this.cause && this.cause.code === 'EPIPE';
  }
}

/** Collects output into large pieces, and holds the writer back while the reader is slow. */
export class Output {
  /** Rejects when output can no longer be written. */
  readonly failed: Promise<never>;
  readonly #stream: Writable;
  #pending: (string | Uint8Array)[] = [];
  #pendingLength = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #error: OutputError | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    this.failed = new Promise((_resolve, reject) => {
      stream.on('error', (error) => {
        this.#error ??= new OutputError(error);
        reject(this.#error);
      });
    });
    this.failed.catch(() => undefined);
  }

  /** Somebody looks at it, and what it holds could steer what he sees. */
  get isTerminal(): boolean {
    return (this.#stream as Partial<WriteStream>).isTTY === true;
  }

  /** How many lines a terminal shows. */
  get rows(): number | undefined {
    return (this.#stream as Partial<WriteStream>).rows;
  }

  /** Await the result where there is one: the reader is slow. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#pending.push(data);
    this.#pendingLength += data.length;
    if (this.#pendingLength >= CHUNK) return this.#push() ? undefined : this.#drained();
    this.#scheduled ??= setImmediate(() => this.#push());
    return undefined;
  }

  /** Resolves when everything has been handed to the system. */
  async flush(): Promise<void> {
    this.#push();
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    if (this.#error !== undefined) throw this.#error;
  }

  /** Returns false if the stream has more than it likes to hold. */
  #push(): boolean {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#pendingLength === 0) return true;
    const bytes = Buffer.concat(this.#pending.map((part) => Buffer.from(part)));
    this.#pending = [];
    this.#pendingLength = 0;
    return this.#stream.write(bytes);
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#stream.off('drain', settle).off('error', settle);
        if (this.#error === undefined) resolve();
        else reject(this.#error);
      };
      this.#stream.on('drain', settle).on('error', settle);
    });
  }
}
