import type { CmapFollower, CmapFollowEvent } from '../../index.ts';
import { resolveFollowOptions, type CmapFollowOptions } from '../../cmap/following/follow-options.ts';
import { asUsage } from '../arguments/as-usage.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { followEventLine } from '../printing/json.ts';
import { parseEvents } from '../arguments/parse-events.ts';
import { untilSignalled } from '../stop-signals.ts';
import { complainOfTroubles } from './complain-of-troubles.ts';
import { hintAtPrefix } from './hint-at-prefix.ts';
import { followEventTexts } from '../printing/text.ts';

interface Followed {
  readonly key: string;
  readonly follower: CmapFollower;
}

/** Ends by a signal (exit code 0), never because corosync goes away. */
export async function follow(context: CommandContext): Promise<number> {
  const { operands } = context;
  if (operands.length === 0) throw new UsageError('follow needs a key, or --prefix and a prefix');
  const how = followOptions(context);
  const map = context.settings.map ?? 'icmap';
  for (const key of operands) asUsage(() => resolveFollowOptions(key, how, map), 'follow');
  hintAtPrefix(context);
  await untilSignalled(async (signal) => {
    const session = await context.openSession();
    signal.addEventListener('abort', () => void session.close());
    const followed = operands.map((key) => ({ key, follower: session.follow(key, how) }));
    await Promise.race([
      Promise.all([complainOfTroubles(session, context), ...followed.map((one) => print(one, context))]),
      context.output.failed,
    ]);
  });
  return EXIT.ok;
}

function followOptions({ options }: CommandContext): CmapFollowOptions {
  return {
    prefix: options.prefix === true,
    events: parseEvents(options.events),
    coverCrashingKeys: options['cover-crashing-keys'] === true,
  };
}

async function print({ key, follower }: Followed, context: CommandContext): Promise<void> {
  for await (const event of follower) await printEvent(event, key, context);
}

async function printEvent(event: CmapFollowEvent, key: string, context: CommandContext): Promise<void> {
  const { operands, options, output } = context;
  const time = new Date();
  if (options.json === true) return output.write(followEventLine(event, time, key));
  const about = operands.length > 1 ? key : undefined;
  for (const text of followEventTexts(event, time, about)) await output.write(`${text}\n`);
}
