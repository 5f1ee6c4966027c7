import type { CmapFollower, CmapSession, FollowEvent } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { explain } from '../explain.ts';
import { followEventLine } from '../json.ts';
import { parseEvents } from '../parse-events.ts';
import { untilSignalled } from '../stop-signals.ts';
import { followEventTexts } from '../text.ts';

/** Ends by a signal (exit code 0), never because corosync goes away. */
export async function follow(context: CommandContext): Promise<number> {
  const { operands, options } = context;
  if (operands.length === 0) throw new UsageError('follow needs a key, or --prefix and a prefix');
  const events = parseEvents(options.events);
  await untilSignalled(async (signal) => {
    const session = await context.openSession();
    signal.addEventListener('abort', () => void session.close());
    const prefix = options.prefix === true;
    const coverCrashingKeys = options['cover-crashing-keys'] === true;
    const followers = operands.map((key) => session.follow(key, { prefix, events, coverCrashingKeys }));
    await Promise.race([
      Promise.all([complainOfTroubles(session, context), ...followers.map((one) => print(one, context))]),
      context.output.failed,
    ]);
  });
  return EXIT.ok;
}

async function print(follower: CmapFollower, context: CommandContext): Promise<void> {
  for await (const event of follower) await printEvent(event, context);
}

async function printEvent(event: FollowEvent, { options, output }: CommandContext): Promise<void> {
  const time = new Date();
  if (options.json === true) return output.write(followEventLine(event, time));
  for (const text of followEventTexts(event, time)) await output.write(`${text}\n`);
}

/** On standard error, each trouble once: an attempt that fails as the one before it is no news. */
async function complainOfTroubles(session: CmapSession, context: CommandContext): Promise<void> {
  let told = '';
  for await (const status of session.statuses()) {
    if (status.state === 'resynced') {
      if (told !== '') context.complain('connected');
      told = '';
    }
    if (status.state !== 'unavailable' && status.state !== 'lost') continue;
    const trouble = explain(status.error);
    if (trouble !== told) context.complain(`${trouble}; trying again until it works`);
    told = trouble;
  }
}
