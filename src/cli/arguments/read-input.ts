import { createReadStream, fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** @throws Error it is a directory: to Node.js that is an input without content */
export function standardInput(): Readable {
  if (fstatSync(process.stdin.fd).isDirectory()) throw new Error('standard input is a directory');
  return process.stdin;
}

/**
 * All of a file, or of standard input if the name is "-"; but no more than `most` bytes and one: a device may have no end, and so may
 * whoever writes to a pipe.
 * @param name its bytes, which need not be UTF-8
 */
export async function readInput(name: Buffer, most: number): Promise<Uint8Array> {
  const input: AsyncIterable<Uint8Array> =
    name.toString() === '-' ? standardInput() : createReadStream(name, { end: most });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return Buffer.concat(chunks).subarray(0, most + 1);
}
