import { quorumLine, quorumText, watchLine, watchText } from '../cluster/print.ts';
import { readQuorum } from '../cluster/read-quorum.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { untilSignalled } from '../stop-signals.ts';
import { complainOfTroubles } from './complain-of-troubles.ts';

/** Whether the cluster is quorate, and what of: once, or for as long as nobody stops it. */
export async function quorum(context: CommandContext): Promise<number> {
  if (context.operands.length > 0) throw new UsageError('quorum takes no arguments');
  if (context.options.watch === true) return watch(context);
  const picture = await readQuorum(context.services(), context.settings.timeoutMs);
  await context.output.write(context.options.json === true ? quorumLine(picture) : quorumText(picture));
  return picture.quorate ? EXIT.ok : EXIT.trouble;
}

/** Ends by a signal (exit code 0), never because corosync goes away. */
async function watch(context: CommandContext): Promise<number> {
  await untilSignalled(async (signal) => {
    const session = await context.openQuorumSession();
    signal.addEventListener('abort', () => void session.close());
    const print = async (): Promise<void> => {
      for await (const event of session.follow()) {
        const line = context.options.json === true ? watchLine : watchText;
        await context.output.write(line(event, new Date()));
      }
    };
    await Promise.race([Promise.all([complainOfTroubles(session, context), print()]), context.output.failed]);
  });
  return EXIT.ok;
}
