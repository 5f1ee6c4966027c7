import { crashingKeysOf, resolveTrackOptions } from '../../cmap/index.ts';
import type { CmapChange, CmapTracker } from '../../index.ts';
import { asUsage } from '../arguments/as-usage.ts';
import type { CliClient, CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { eventLine } from '../printing/json.ts';
import { withKnownValues } from '../printing/known-values.ts';
import { parseEvents } from '../arguments/parse-events.ts';
import { untilSignalled } from '../stop-signals.ts';
import { hintAtPrefix } from './hint-at-prefix.ts';
import { eventText } from '../printing/text.ts';

interface Selection {
  readonly keys: readonly string[];
  readonly prefix: boolean;
  readonly events: readonly CmapChange[];
}

interface Tracked {
  readonly key: string;
  readonly tracker: CmapTracker;
}

/** Ends by a signal (exit code 0), or by an error, such as the loss of corosync. */
export async function track(context: CommandContext): Promise<number> {
  const selection = parseSelection(context);
  hintAtPrefix(context);
  await untilSignalled(async (signal) => {
    const client = await context.connect({ signal });
    warnOfCrashes(selection, context);
    await followAll(client, selection, context, signal);
  });
  return EXIT.ok;
}

function parseSelection({ operands, options, settings }: CommandContext): Selection {
  const prefix = options.prefix === true;
  if (operands.length === 0 && !prefix) {
    throw new UsageError('track needs a key, or --prefix to follow all keys');
  }
  const keys = operands.length === 0 ? [''] : operands;
  const events = parseEvents(options.events);
  const map = settings.map ?? 'icmap';
  for (const key of keys) asUsage(() => resolveTrackOptions(key, { prefix, events }, map));
  return { keys, prefix, events };
}

/** See the help. corosync-cmapctl does not say it; who is not told may run this for days. */
function warnOfCrashes({ keys, prefix }: Selection, context: CommandContext): void {
  if (context.settings.map === 'stats') return;
  const crashing = new Set(keys.flatMap((key) => crashingKeysOf(key, prefix)));
  if (crashing.size === 0) return;
  const which = [...crashing].join(' or ');
  context.complain(`while this runs, corosync crashes if anybody sets ${which}; narrower prefixes are safe`);
}

async function followAll(
  client: CliClient,
  { keys, prefix, events }: Selection,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  const tracked = await Promise.all(
    keys.map(async (key) => ({ key, tracker: await client.track(key, { prefix, events, signal }) })),
  );
  signal.addEventListener('abort', () => void deleteAll(tracked));
  await Promise.race([Promise.all(tracked.map((one) => follow(one, context))), context.output.failed]);
}

/** Ends the loops that read them. */
async function deleteAll(tracked: readonly Tracked[]): Promise<void> {
  await Promise.allSettled(tracked.map(({ tracker }) => tracker.close()));
}

/** While the reader of the output is slow, the tracker keeps events, and says so if they are too many. */
async function follow({ key, tracker }: Tracked, context: CommandContext): Promise<void> {
  const { operands, options, output, settings } = context;
  const json = options.json === true;
  const about = operands.length > 1 ? key : undefined;
  for await (const told of tracker) {
    const time = new Date();
    const event = withKnownValues(told, settings.map ?? 'icmap');
    await output.write(json ? eventLine(event, time, key) : `${eventText(event, time, about)}\n`);
  }
}
