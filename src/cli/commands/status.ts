import { escapeControls } from '../../errors/index.ts';
import type { Cluster, ClusterEvent, ClusterState } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { configFileRemarks, configFileTrouble } from '../status/config-file.ts';
import { stateLine } from '../status/plain-json.ts';
import { fittingScreen, frame } from '../status/frame.ts';
import { screen } from '../status/screen.ts';
import { paintFor, WIDTH, wrapped, type Paint } from '../status/style.ts';
import { troubleOf } from '../status/trouble.ts';
import { remarks, worst } from '../status/verdict.ts';
import { untilSignalled } from '../stop-signals.ts';
import { checkSubject } from './check.ts';

/** So many of what has happened last. */
const EVENTS_SHOWN = 8;

/** The whole cluster on one screen: once, or for as long as nobody stops it. */
export async function status(context: CommandContext): Promise<number> {
  const { operands, options, output } = context;
  if (operands.length > 0) throw new UsageError('status takes no arguments');
  if (options.check === true) return checkSubject(context, 'all');
  if (options.watch === true) return watch(context);
  const [state, trouble] = await Promise.all([context.clusterState(), configFileTrouble(options)]);
  const others = configFileRemarks(state, trouble);
  if (options.json === true) for (const { text } of others) context.complain(text);
  await output.write(options.json === true ? stateLine(state) : screen(state, [], paintOf(context), others));
  return ['ok', 'warning'].includes(worst(remarks(state, 'all'))) ? EXIT.ok : EXIT.trouble;
}

/** Ends by a signal (exit code 0), never because corosync goes away. */
async function watch(context: CommandContext): Promise<number> {
  await untilSignalled(async (signal) => {
    const cluster = await context.openCluster();
    signal.addEventListener('abort', () => void cluster.close());
    const trouble = await configFileTrouble(context.options);
    const show =
      context.options.json === true ? printStates(cluster, context) : showScreens(cluster, context, trouble);
    await Promise.race([show, context.output.failed]);
  });
  return EXIT.ok;
}

async function printStates(cluster: Cluster, { output }: CommandContext): Promise<void> {
  for await (const state of cluster.states()) await output.write(stateLine(state));
}

/** Each event is a reason to draw anew, and each second is, for the figures and the time. */
async function showScreens(
  cluster: Cluster,
  context: CommandContext,
  trouble: string | undefined,
): Promise<void> {
  const latest: ClusterEvent[] = [];
  const show = (): void => void draw(cluster, { latest, trouble }, context);
  show();
  const timer = setInterval(show, context.output.isTerminal ? 1000 : 60_000);
  try {
    for await (const event of cluster.events()) {
      latest.push(event);
      if (latest.length > EVENTS_SHOWN) latest.shift();
      await draw(cluster, { latest, trouble }, context);
    }
  } finally {
    clearInterval(timer);
  }
}

/** What is shown beside the state. */
interface Beside {
  readonly latest: readonly ClusterEvent[];
  /** Why corosync.conf could not be compared. */
  readonly trouble: string | undefined;
}

function draw(
  { state, freshness }: Cluster,
  { latest, trouble }: Beside,
  context: CommandContext,
): Promise<void> | undefined {
  const { output } = context;
  const rows = output.isTerminal ? output.rows : undefined;
  const text =
    state === undefined
      ? waitingText(freshness)
      : fittingScreen(
          now(state, freshness),
          latest,
          paintOf(context),
          rows,
          configFileRemarks(state, trouble),
        );
  return output.write(output.isTerminal ? frame(text, rows) : `${text}\n`);
}

/** What is known of the present state may have been confirmed since. */
function now(state: ClusterState, freshness: ClusterState['freshness']): ClusterState {
  return { ...state, freshness };
}

function waitingText(freshness: ClusterState['freshness']): string {
  const trouble = troubleOf(freshness);
  if (trouble === undefined) return 'Waiting for corosync.\n';
  const text = `Waiting for corosync: ${trouble}.`;
  return `${wrapped(escapeControls(text), WIDTH, '  ').join('\n')}\n`;
}

function paintOf({ output, variables }: CommandContext): Paint {
  return paintFor(output.isTerminal, variables);
}
