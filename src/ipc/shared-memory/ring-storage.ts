/**
 * One libqb ring buffer as a client sees it: a header of 32-bit words and a circle of data bytes.
 * Header offsets are those of RING_HEADER; data offsets are bytes and do not wrap: callers split at the end.
 */
export interface RingStorage {
  /** Words in the data circle; read once and checked when the ring was opened. */
  readonly wordSize: number;
  readHeader(offset: number): number;
  writeHeader(offset: number, value: number): void;
  readData(offset: number, into: Buffer, at: number, length: number): void;
  writeData(offset: number, from: Uint8Array, at: number, length: number): void;
  /** Idempotent. */
  close(): void;
}
