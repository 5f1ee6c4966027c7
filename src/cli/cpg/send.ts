import type { CpgUser } from '../cluster/connector.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { readInput, standardInput } from '../arguments/read-input.ts';
import { untilSignalled } from '../stop-signals.ts';
import { groupToJoin, pidOption } from './arguments.ts';
import { linesOf } from './lines.ts';
import { sendAll } from './send-all.ts';

/** Bytes of a message, at most: what is read is kept until it is sent. */
const MOST_BYTES = 64 * 1024 * 1024;

type Messages = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Sends, and waits until all has come back. A signal ends the reading of lines; where there are none to read, it ends the process. */
export async function send(context: CommandContext): Promise<number> {
  const { group, rest } = groupToJoin(context);
  const pid = pidOption(context);
  const binary = context.options.binary === true;
  if (binary && rest.length > 0) throw new UsageError('--binary is for standard input; leave the text out');
  const run = async (messages: Messages, signal?: AbortSignal): Promise<void> => {
    const client = await context.services().cpg(signal);
    await client.join(group, { pid, signal });
    const sent = sendAll(client, messages).then(() => client.leave());
    await Promise.race([sent, untilOver(client).then(() => sent)]);
  };
  if (rest.length > 0) await run([Buffer.from(rest.join(' '), 'latin1')]);
  else if (binary) await run([await readInput(Buffer.from('-'), MOST_BYTES)]);
  else await untilSignalled((signal) => run(linesOf(standardInput(), MOST_BYTES, signal), signal), Infinity);
  return EXIT.ok;
}

/** Reads what the group tells, which is of no interest; rejects if corosync goes away. */
async function untilOver(client: CpgUser): Promise<void> {
  const events = client.events();
  for (let next = await events.next(); next.done !== true; next = await events.next());
}
