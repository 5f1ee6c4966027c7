import fs from 'node:fs';
import { RING_HEADER } from '../../src/codec/ring-layout.ts';

export interface FakeRing {
  /** Where the files go; `-header` and `-data` are appended. */
  readonly path: string;
  /** The name in the header: what the server calls the same file. Default: `path`. */
  readonly recordedPath?: string;
  readonly wordSize?: number;
  /** What the header states, if not the truth. */
  readonly statedWordSize?: number;
  readonly headerSize?: number;
  readonly dataSize?: number;
  readonly mode?: number;
}

/** The two files of a ring as libqb creates them, or not quite. */
export function createRingFiles(ring: FakeRing): void {
  const wordSize = ring.wordSize ?? 1024;
  const header = Buffer.alloc(8252);
  header.writeUInt32LE(ring.statedWordSize ?? wordSize, RING_HEADER.wordSize);
  header.write(`${ring.recordedPath ?? ring.path}-data`, RING_HEADER.dataPath, 'latin1');
  const mode = ring.mode ?? 0o600;
  fs.writeFileSync(`${ring.path}-header`, header.subarray(0, ring.headerSize ?? header.length), { mode });
  fs.writeFileSync(`${ring.path}-data`, Buffer.alloc(ring.dataSize ?? wordSize * 4), { mode });
}
