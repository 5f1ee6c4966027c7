import { RING_HEADER, WORD_SIZE } from '../../codec/ring-layout.ts';
import { ConnectionError } from '../../errors/index.ts';
import type { RingStorage } from './ring-storage.ts';

/** How much of the data is looked at: a used ring has a chunk, or what is left of one, at its beginning. */
const LOOKED_AT_BYTES = 4096;
/** libqb's server writes one word behind the end of new data, which the second mapping brings to the first word. */
const STRAY_WORD = 5;
/** What corosync can have set before we look. */
const MOST_FLOW_CONTROL = 2;

/** What a header counts, by libqb's names, and where it stands in a ring that its server has made and nobody has opened. */
const NEW: readonly (readonly [name: string, offset: number, value: number])[] = [
  ['write_pt', RING_HEADER.writePointer, 0],
  ['read_pt', RING_HEADER.readPointer, 0],
  ['ref_count', RING_HEADER.referenceCount, 1],
  ['semaphore', RING_HEADER.semaphore, 0],
  ['number of waiters', RING_HEADER.semaphoreWaiters, 0],
];
const OPENED = 2;

/**
 * Checks that nobody has used these rings and that nobody but their server has opened them; then opens them in libqb's sense. A request
 * in the rings of another client would be executed; he would be given the answer, and corosync would wait for a byte that nobody sends.
 * @throws ConnectionError CS_ERR_SECURITY: such rings are not written to
 */
export function takeNewRings(rings: Readonly<Record<string, RingStorage>>): void {
  for (const [channel, ring] of Object.entries(rings)) {
    const count = ring.readHeader(RING_HEADER.referenceCount);
    const trace =
      count === 0
        ? 'its ref_count is 0'
        : (traceOfUse((offset) => ring.readHeader(offset)) ?? traceInData(ring));
    if (trace !== undefined) throw used(channel, trace);
  }
  for (const ring of Object.values(rings)) ring.writeHeader(RING_HEADER.referenceCount, OPENED);
  for (const [channel, ring] of Object.entries(rings)) {
    const count = ring.readHeader(RING_HEADER.referenceCount);
    if (count !== OPENED) throw used(channel, `its ref_count is ${count}, and we have made it ${OPENED}`);
  }
}

/** What in a header says that somebody has used or opened the ring, or `undefined`. One that is still being made has a ref_count of 0. */
export function traceOfUse(readWord: (offset: number) => number): string | undefined {
  for (const [name, offset, value] of NEW) {
    const found = readWord(offset);
    if (found > value) return `its ${name} is ${found}`;
  }
  const flowControl = readWord(RING_HEADER.flowControl);
  return flowControl > MOST_FLOW_CONTROL ? `its flow control is ${flowControl}` : undefined;
}

function traceInData(ring: RingStorage): string | undefined {
  return hasData(ring) ? 'there is data in it' : undefined;
}

function hasData(ring: RingStorage): boolean {
  const bytes = Buffer.alloc(Math.min(LOOKED_AT_BYTES, ring.wordSize * WORD_SIZE));
  ring.readData(0, bytes, 0, bytes.length);
  const [first = 0] = new Uint32Array(bytes.buffer, bytes.byteOffset, 1);
  return (first !== 0 && first !== STRAY_WORD) || bytes.some((byte, at) => at >= WORD_SIZE && byte !== 0);
}

function used(channel: string, why: string): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail: `the ${channel} ring that the server names is not new: ${why}; whatever listens on this socket is not corosync`,
  });
}
