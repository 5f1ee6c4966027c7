import type { CmapValue } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { UsageError } from '../exit-codes.ts';
import { entryLine } from '../printing/json.ts';
import { plainText, rawBytes, terminalText } from '../printing/text.ts';
import { tryEach } from './try-each.ts';

export async function get(context: CommandContext): Promise<number> {
  const { operands, options, output } = context;
  if (operands.length === 0) throw new UsageError('get needs a key');
  if (options.raw === true && (operands.length > 1 || options.json === true)) {
    throw new UsageError('--raw is for one key, and not together with --json');
  }
  const client = await context.connect();
  return tryEach(
    context,
    operands,
    (key) => client.get(key),
    async (key, value) => {
      for (const part of format(key, value, context)) await output.write(part);
    },
  );
}

function format(key: string, value: CmapValue, { options, output }: CommandContext): (string | Uint8Array)[] {
  if (options.json === true) return [entryLine(key, value)];
  if (options.raw === true) return [rawBytes(value)];
  return [output.isTerminal ? terminalText(value) : plainText(value), '\n'];
}
