import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { explain } from '../printing/explain.ts';

/**
 * Makes a call for each key, all at once, and looks at the results in the order of the keys. A failure is reported
 * and does not stop the others; the exit code tells of it.
 */
export async function tryEach<T>(
  context: CommandContext,
  keys: readonly string[],
  call: (key: string) => Promise<T>,
  done: (key: string, result: T) => Promise<void> | void,
): Promise<number> {
  const results = await Promise.allSettled(keys.map(call));
  let code: number = EXIT.ok;
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') {
      await done(keys[index] ?? '', result.value);
      continue;
    }
    // On a terminal the complaint is to stand where the result would.
    await context.output.flush();
    context.complain(explain(result.reason));
    code = EXIT.failed;
  }
  return code;
}
