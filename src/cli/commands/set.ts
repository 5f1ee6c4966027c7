import { CsError } from '../../errors/index.ts';
import type { CmapValue } from '../../index.ts';
import { stringValue } from '../cmapctl/parse-value.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { parseBase64, parseNumber, parseType } from '../arguments/parse-set-value.ts';
import { readInput } from '../arguments/read-input.ts';

/** ICMAP_MAX_VALUE_LEN */
const MAX_BINARY = 16_384;

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
  return { type, value: base64 ? parseBase64(text) : await readBinary(context.operands[0], rawText) };
}

async function readBinary(key: string | undefined, name: Buffer): Promise<Uint8Array> {
  const bytes = await readInput(name, MAX_BINARY);
  if (bytes.length <= MAX_BINARY) return bytes;
  const source = name.toString() === '-' ? 'standard input' : name.toString();
  const detail = `a binary value has at most ${MAX_BINARY} bytes; ${source} has more`;
  throw new CsError('CS_ERR_INVALID_PARAM', { operation: 'cmap_set', key, detail });
}
