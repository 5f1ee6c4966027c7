import fs from 'node:fs';
import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import { malformed } from '../../codec/malformed.ts';
import { RING_HEADER, RING_PATH_MAX, WORD_SIZE } from '../../codec/ring-layout.ts';
import { ConnectionError, show } from '../../errors/index.ts';
import type { RingStorage } from './ring-storage.ts';
import type { SharedMemoryPaths } from './shared-memory-path.ts';
import type { Moment } from '../moment.ts';
import { openTrusted } from '../trusted-file.ts';

/**
 * The two tmpfs files of one ring. Positional reads and writes act on the page cache that the server has mapped,
 * so no mmap is needed. The server maps the same files and dies of SIGBUS if they shrink:
 * nothing here truncates, and nothing here opens with a flag that could.
 */
export class RingFile implements RingStorage {
  readonly wordSize: number;
  readonly #header: number;
  readonly #data: number;
  /** Two words, aligned as in the file. */
  readonly #words = Buffer.alloc(8);
  readonly #wordsView = new DataView(this.#words.buffer, this.#words.byteOffset, 8);
  #open = true;

  /**
   * Opens `path-header` and `path-data`. Both must be plain files that only we can reach.
   * @param recordedPath what its server calls it
   * @param maxMessageSize what the server granted; a ring that could not hold it is refused.
   * @param since when the handshake began that the ring is said to be made for; not for its server
   */
  constructor(path: string, recordedPath: string, maxMessageSize: number, since?: Moment) {
    this.#header = openTrusted(`${path}-header`, RING_HEADER.size, since);
    try {
      this.wordSize = this.#checkHeader(recordedPath, maxMessageSize);
      this.#data = openTrusted(`${path}-data`, this.wordSize * WORD_SIZE, since);
    } catch (error) {
      fs.closeSync(this.#header);
      throw error;
    }
  }

  /**
   * Reads the word with its neighbour: many x86 kernels copy less than 8 bytes to a program one by one (arch/x86/lib/copy_user_64.S,
   * where the processor lacks FSRM), and a count that goes from 0xff to 0x100 meanwhile would be seen as 0x1ff.
   */
  readHeader(offset: number): number {
    this.#checkOpen();
    const inPair = offset % 8;
    if (fs.readSync(this.#header, this.#words, 0, 8, offset - inPair) < inPair + 4)
      throw malformed('ring header file was cut short');
    return this.#wordsView.getUint32(inPair, LITTLE_ENDIAN);
  }

  writeHeader(offset: number, value: number): void {
    this.#checkOpen();
    this.#wordsView.setUint32(0, value, LITTLE_ENDIAN);
    fs.writeSync(this.#header, this.#words, 0, 4, offset);
  }

  readData(offset: number, into: Buffer, at: number, length: number): void {
    this.#checkOpen();
    if (fs.readSync(this.#data, into, at, length, offset) !== length)
      throw malformed('ring data file was cut short');
  }

  writeData(offset: number, from: Buffer, at: number, length: number): void {
    this.#checkOpen();
    if (fs.writeSync(this.#data, from, at, length, offset) !== length)
      throw malformed('ring data file took no more');
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    fs.closeSync(this.#header);
    fs.closeSync(this.#data);
  }

  /** A closed descriptor's number may belong to any other file by now. */
  #checkOpen(): void {
    if (!this.#open)
      throw new ConnectionError('CS_ERR_BAD_HANDLE', { operation: 'ring', detail: 'the ring is closed' });
  }

  /** The header is the server's, but still input. */
  #checkHeader(recordedPath: string, maxMessageSize: number): number {
    const headerPath = this.#readPath(RING_HEADER.headerPath);
    if (headerPath !== `${recordedPath}-header`)
      throw malformed(`ring header was made for another ring: ${show(headerPath)}`);
    const dataPath = this.#readPath(RING_HEADER.dataPath);
    if (dataPath !== `${recordedPath}-data`)
      throw malformed(`ring header names another data file: ${show(dataPath)}`);
    const wordSize = this.readHeader(RING_HEADER.wordSize);
    const bytes = wordSize * WORD_SIZE;
    if (bytes < maxMessageSize || bytes > MAX_RING_BYTES) throw malformed(`ring of ${wordSize} words`);
    return wordSize;
  }

  #readPath(offset: number): string {
    const path = Buffer.alloc(RING_PATH_MAX);
    fs.readSync(this.#header, path, 0, RING_PATH_MAX, offset);
    return path.toString('latin1', 0, Math.max(path.indexOf(0), 0));
  }
}

/** Four times the largest buffer we ask for: room for a server that rounds up generously. */
const MAX_RING_BYTES = 64 * 1024 * 1024;

/**
 * After the death of the server nobody else removes the files of a connection (libqb's client does the same).
 * Files that are gone already are what we want.
 * @param others files beside the rings
 */
export function removeRingFiles(paths: SharedMemoryPaths, ...others: readonly string[]): void {
  try {
    for (const path of others) fs.rmSync(path, { force: true });
    for (const path of [paths.request, paths.response, paths.event]) {
      fs.rmSync(`${path}-header`, { force: true });
      fs.rmSync(`${path}-data`, { force: true });
    }
    fs.rmdirSync(paths.directory);
  } catch {
    // Gone already, or no longer ours to remove: nobody would be helped by an error here.
  }
}
