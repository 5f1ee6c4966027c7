import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';

const LARGEST_STEP = 2 ** 31 - 1;

export function increment(context: CommandContext): Promise<number> {
  return adjust('inc', context, 1);
}

export function decrement(context: CommandContext): Promise<number> {
  return adjust('dec', context, -1);
}

async function adjust(name: string, context: CommandContext, direction: 1 | -1): Promise<number> {
  const [key, ...more] = context.operands;
  if (key === undefined || more.length > 0) throw new UsageError(`${name} needs one key`);
  const step = direction * parseStep(context.options.by ?? '1');
  const client = await context.connect();
  await client.adjust(key, step);
  return EXIT.ok;
}

function parseStep(text: string | boolean): number {
  const step = typeof text === 'string' && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= LARGEST_STEP) return step;
  throw new UsageError(`--by takes a whole number from 1 to ${LARGEST_STEP}, not ${String(text)}`);
}
