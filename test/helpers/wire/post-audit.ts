import { readFileSync } from 'node:fs';
import { watchSteps, type Step } from '../faults/fault-steps.ts';

const SEMAPHORE = 8208;
const COMMITTED = 0xa1a1a1a1;

/**
 * Looks at every byte that our clients hand to corosync, with rules written down from corosync's own source and not from ours:
 * whatever corosync does not check must be right when it arrives. Here are those of a post; of its requests each service has its own.
 */
export abstract class PostAudit implements Disposable {
  /** What broke a rule; nothing may. */
  readonly violations: string[] = [];
  /** How many requests there were, by name. */
  readonly requests: Record<string, number> = {};
  #staged = Buffer.alloc(0);
  #last: Step | undefined;
  #chunks = 0;
  readonly #stop: () => void;

  constructor() {
    this.#stop = watchSteps((step, written, path) => this.#onStep(step, written, path));
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Chunks, write pointer, semaphore, bytes: in this order, nothing between, and all of the same number. */
  #onStep(step: Step, written: Buffer, path: string): void {
    if (!step.startsWith('request')) {
      if (this.#last !== undefined) this.broken(`${step} in the middle of a post`);
      return;
    }
    const previous = this.#last;
    this.#last = step === 'request bytes' ? undefined : step;
    if (step === 'request data') {
      if (previous !== undefined && previous !== 'request data') this.broken(`data after ${previous}`);
      if (previous === undefined && this.#unhandled(path) !== 0)
        this.broken('a post while requests are unhandled');
      this.#staged = Buffer.concat([previous === undefined ? Buffer.alloc(0) : this.#staged, written]);
    } else if (step === 'request write_pt') {
      if (previous !== 'request data') this.broken(`write_pt after ${previous ?? 'nothing'}`);
      this.#chunks = this.#readChunks(path);
    } else if (step === 'request semaphore') {
      if (previous !== 'request write_pt') this.broken(`semaphore after ${previous ?? 'nothing'}`);
      if (written.readUInt32LE() !== this.#chunks)
        this.broken(`semaphore of ${written.readUInt32LE()} for ${this.#chunks}`);
    } else {
      if (previous !== 'request semaphore') this.broken(`bytes after ${previous ?? 'nothing'}`);
      if (written.length !== this.#chunks)
        this.broken(`${written.length} bytes for ${this.#chunks} requests`);
    }
  }

  #unhandled(path: string): number {
    return readFileSync(path.replace(/-data$/, '-header')).readUInt32LE(SEMAPHORE);
  }

  #readChunks(path: string): number {
    let at = 0;
    let count = 0;
    for (; at < this.#staged.length; count++) {
      const length = this.#staged.readUInt32LE(at);
      if (this.#staged.readUInt32LE(at + 4) !== COMMITTED) this.broken('a chunk that is not committed');
      if (length === 0 || at + 8 + length > this.#staged.length) {
        this.broken(`a chunk of ${length} bytes in ${this.#staged.length - at - 8}`);
        return count;
      }
      this.readRequest(this.#staged.subarray(at + 8, at + 8 + length), path);
      at += 8 + Math.ceil(length / 4) * 4;
    }
    return count;
  }

  protected abstract readRequest(request: Buffer, path: string): void;

  protected count(name: string): void {
    this.requests[name] = (this.requests[name] ?? 0) + 1;
  }

  protected between(what: string, value: bigint, least: bigint, most: bigint): void {
    if (value < least || value > most) this.broken(`${what} ${value.toString()}`);
  }

  protected broken(what: string): void {
    this.violations.push(what);
  }
}
