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

const RING_FILE = /qb-(request|response|event)-cmap-(header|data)$/;
const WORDS: Readonly<Record<number, string>> = { 0: 'write_pt', 4: 'read_pt', 8208: 'semaphore' };

type WriteSync = (
  fd: number,
  buffer: NodeJS.ArrayBufferView,
  ...rest: (number | null | undefined)[]
) => number;

type SocketWrite = (this: net.Socket, ...given: unknown[]) => boolean;

/**
 * Calls `before` immediately before each write of our client to a ring or, for a request's bytes, to its socket: before
 * 'request bytes' the semaphore is posted and the byte is not sent. Ends when the returned function is called.
 */
export function watchSteps(before: (step: Step) => void): () => void {
  const writeSync = fs.writeSync as WriteSync;
  const prototype = net.Socket.prototype as { write: SocketWrite };
  const { write } = prototype;
  let posted = false;
  const onWrite: WriteSync = (fd, buffer, ...rest) => {
    const step = stepOf(fd, rest[2]);
    if (step !== undefined) before(step);
    posted = step === 'request semaphore';
    return writeSync(fd, buffer, ...rest);
  };
  fs.writeSync = onWrite as typeof fs.writeSync;
  prototype.write = function (...given) {
    // The post is followed by its bytes and by nothing else.
    if (posted) {
      posted = false;
      before('request bytes');
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

function stepOf(fd: number, position: number | null | undefined): Step | undefined {
  const [, ring, part] = RING_FILE.exec(fs.readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
  if (ring === undefined || typeof position !== 'number') return undefined;
  const what = part === 'data' ? 'data' : WORDS[position];
  return STEPS.find((step) => step === `${ring} ${what ?? ''}`);
}
