import { LAYOUT, MAGIC, WORD } from '../../../src/ipc/copies/layout.ts';

/** What the file of a copy in this process begins with. */
export function copyBytes(size: number, words: Partial<Record<keyof typeof WORD, bigint>> = {}): Buffer {
  const bytes = Buffer.alloc(size);
  const all = { magic: MAGIC, layout: LAYOUT, pid: BigInt(process.pid), id: 7n, ...words };
  for (const [name, value] of Object.entries(all))
    bytes.writeBigUInt64LE(value, WORD[name as keyof typeof WORD]);
  return bytes;
}
