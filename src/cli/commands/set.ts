import { readFile } from 'node:fs/promises';
import type { CmapValue } from '../../index.ts';
import { stringValue } from '../cmapctl/parse-value.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { parseBase64, parseNumber, parseType } from '../parse-set-value.ts';

export async function set(context: CommandContext): Promise<number> {
  const [key, type, value, ...more] = context.operands;
  if (key === undefined || type === undefined || value === undefined || more.length > 0) {
    throw new UsageError('set needs a key, a type and a value');
  }
  const parsed = await parse(type, value, context);
  const client = await context.connect();
  await client.set(key, parsed);
  return EXIT.ok;
}

async function parse(typeName: string, text: string, context: CommandContext): Promise<CmapValue> {
  const type = parseType(typeName);
  const base64 = context.options.base64 === true;
  if (base64 && type !== 'binary') throw new UsageError('--base64 is for type bin');
  const rawText = Buffer.from(context.rawOperands[2] ?? '', 'latin1');
  if (type === 'string') return stringValue(rawText);
  if (type !== 'binary') return parseNumber(type, text);
  return { type, value: base64 ? parseBase64(text) : await readInput(rawText) };
}

/** Names of files need not be UTF-8. */
async function readInput(name: Buffer): Promise<Uint8Array> {
  if (name.toString() !== '-') return readFile(name);
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
