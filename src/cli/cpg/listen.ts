import type { CpgUser } from '../cluster/connector.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { untilSignalled } from '../stop-signals.ts';
import { groupToJoin, only, pidOption } from './arguments.ts';
import { groupEventLine, groupEventText } from './print.ts';

/** Ends by a signal (exit code 0), or by an error, such as the loss of corosync. The group is left in any case. */
export async function listen(context: CommandContext): Promise<number> {
  const group = only(groupToJoin(context), context);
  const pid = pidOption(context);
  await untilSignalled(async (signal) => {
    const client = await context.services().cpg(signal);
    await client.join(group, { pid, initialRing: true, signal });
    signal.addEventListener('abort', () => void client.close());
    await Promise.race([print(client, context), context.output.failed]);
  });
  return EXIT.ok;
}

/** While the reader of the output is slow, the client keeps events, and leaves the group if they are too many. */
async function print(client: CpgUser, { options, output }: CommandContext): Promise<void> {
  const show = options.json === true ? groupEventLine : groupEventText;
  for await (const event of client.events()) await output.write(show(event, new Date()));
}
