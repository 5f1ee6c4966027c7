import type { CommandContext } from '../command.ts';
import { UsageError } from '../exit-codes.ts';
import { tryEach } from './try-each.ts';

export async function deleteKeys(context: CommandContext): Promise<number> {
  if (context.operands.length === 0) throw new UsageError('delete needs a key');
  const client = await context.connect();
  return tryEach(
    context,
    context.operands,
    (key) => client.delete(key),
    () => undefined,
  );
}
