import type { CommandContext } from '../command.ts';

/** A key may end with a dot, but who gives one means what begins with it: without the option he would wait for ever, and not know why. */
export function hintAtPrefix(context: CommandContext): void {
  const { operands, options } = context;
  if (options.prefix === true) return;
  for (const key of operands.filter((operand) => operand.endsWith('.')))
    context.complain(`this waits for the one key ${key}; give --prefix for all keys that start with it`);
}
