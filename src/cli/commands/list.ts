import type { CliClient, CommandContext } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { entryLine } from '../printing/json.ts';
import { entryText } from '../printing/text.ts';

export async function list(context: CommandContext): Promise<number> {
  const client = await context.connect();
  let code: number = EXIT.ok;
  for (const prefix of context.operands.length === 0 ? [''] : context.operands) {
    const found = await listPrefix(client, prefix, context);
    if (found) continue;
    await context.output.flush();
    context.complain(`there is no key that starts with ${prefix}`);
    code = EXIT.failed;
  }
  return code;
}

async function listPrefix(
  client: CliClient,
  prefix: string,
  { options, output }: CommandContext,
): Promise<boolean> {
  let found = false;
  for await (const { key, value } of client.entries(prefix)) {
    found = true;
    const full = output.write(options.json === true ? entryLine(key, value) : `${entryText(key, value)}\n`);
    if (full !== undefined) await full;
  }
  return found;
}
