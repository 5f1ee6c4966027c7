import fs from 'node:fs';
import net from 'node:net';

/** What our client writes, in the words of the ring's rules. */
export const STEPS = [
  'request data',
  'request write_pt',
  'request semaphore',
  'request bytes',
  'response semaphore',
  'response read_pt',
  'event semaphore',
  'event read_pt',
] as const;
export type Step = (typeof STEPS)[number];

const RING_FILE = /qb-(request|response|event)-(?:cmap|cpg)-(header|data)$/;
const WORDS: Readonly<Record<number, string>> = { 0: 'write_pt', 4: 'read_pt', 8208: 'semaphore' };

type WriteSync = (
  fd: number,
  buffer: NodeJS.ArrayBufferView,
  ...rest: (number | null | undefined)[]
) => number;

type SocketWrite = (this: net.Socket, ...given: unknown[]) => boolean;

/** What is about to be written, and the path of the ring file (for bytes: of the post before them). */
export type OnStep = (step: Step, written: Buffer, path: string) => void;

/**
 * Calls `before` immediately before each write of our client to a ring or, for a request's bytes, to its socket: before
 * 'request bytes' the semaphore is posted and the byte is not sent. Ends when the returned function is called.
 */
export function watchSteps(before: OnStep): () => void {
  const writeSync = fs.writeSync as WriteSync;
  const prototype = net.Socket.prototype as { write: SocketWrite };
  const { write } = prototype;
  let posted = '';
  const onWrite: WriteSync = (fd, buffer, ...rest) => {
    const [offset, length, position] = rest;
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
    const step = stepOf(path, position);
    if (step !== undefined) {
      const start = buffer.byteOffset + (offset ?? 0);
      before(step, Buffer.from(buffer.buffer, start, length ?? buffer.byteLength), path);
    }
    posted = step === 'request semaphore' ? path : '';
    return writeSync(fd, buffer, ...rest);
  };
  fs.writeSync = onWrite as typeof fs.writeSync;
  prototype.write = function (...given) {
    // The post is followed by its bytes and by nothing else.
    if (posted !== '') {
      before('request bytes', given[0] as Buffer, posted);
      posted = '';
    }
    return write.apply(this, given);
  };
  return () => {
    fs.writeSync = writeSync as typeof fs.writeSync;
    prototype.write = write;
  };
}

/** Calls `act` before the `nth` such step, once. */
export function beforeStep(wanted: Step, nth: number, act: () => void): () => void {
  let left = nth;
  const stop = watchSteps((step) => {
    if (step !== wanted || --left > 0) return;
    stop();
    act();
  });
  return stop;
}

function stepOf(path: string, position: number | null | undefined): Step | undefined {
  const [, ring, part] = RING_FILE.exec(path) ?? [];
  if (ring === undefined || typeof position !== 'number') return undefined;
  const what = part === 'data' ? 'data' : WORDS[position];
  return STEPS.find((step) => step === `${ring} ${what ?? ''}`);
}
