import { createReadStream } from 'node:fs';

/**
 * All of a file, or of standard input if the name is "-"; but no more than `most` bytes and one: a device may have no end, and so may
 * whoever writes to a pipe.
 * @param name its bytes, which need not be UTF-8
 */
export async function readInput(name: Buffer, most: number): Promise<Uint8Array> {
  const input: AsyncIterable<Uint8Array> =
    name.toString() === '-' ? process.stdin : createReadStream(name, { end: most });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return Buffer.concat(chunks).subarray(0, most + 1);
}
