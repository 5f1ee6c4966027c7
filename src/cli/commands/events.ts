import type { ClusterEvent, ClusterEventFilter } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { duration } from '../arguments/duration.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { asUsage } from '../arguments/as-usage.ts';
import { CommandRunner } from '../status/command-runner.ts';
import { configFileTrouble } from '../status/config-file.ts';
import { eventLine } from '../status/event-json.ts';
import { eventText } from '../status/event-text.ts';
import { StateKeeper } from '../status/state-keeper.ts';
import { untilSignalled } from '../stop-signals.ts';
import { subjectOf } from './check.ts';

const DEFAULT_TIME_LIMIT_MS = 30_000;

/** What happens to the cluster, until nobody wants to know any more. */
export async function events(context: CommandContext): Promise<number> {
  const runner = runnerOf(context);
  const keeper = keeperOf(context);
  const filter = filterOf(context);
  await untilSignalled(async (signal) => {
    const cluster = await context.openCluster();
    signal.addEventListener('abort', () => void cluster.close());
    const trouble = await configFileTrouble(context.options);
    if (trouble !== undefined) context.complain(trouble);
    const stream = asUsage(() => cluster.events(filter), 'events');
    const told = tell(stream, runner, context);
    const kept = keeper === undefined ? [] : [keeper.keep(cluster)];
    try {
      await Promise.race([Promise.all([told, ...kept]), context.output.failed]);
    } finally {
      await Promise.all([cluster.close(), runner?.close(), keeper?.end()]);
    }
  });
  return EXIT.ok;
}

async function tell(
  stream: AsyncIterable<ClusterEvent>,
  runner: CommandRunner | undefined,
  { options, output }: CommandContext,
): Promise<void> {
  const show = options.json === true ? eventLine : eventText;
  for await (const event of stream) {
    runner?.run(event);
    await output.write(show(event));
  }
}

function filterOf({ options }: CommandContext): Omit<ClusterEventFilter, 'listener'> {
  const list = (name: string): readonly string[] | undefined => {
    const value = options[name];
    return typeof value === 'string' ? value.split(',') : undefined;
  };
  const links = list('link')?.map((link) => (/^\d$/.test(link) ? Number(link) : link));
  // The library says which of them is none.
  return {
    types: list('type'),
    minSeverity: options['min-severity'],
    nodes: list('node')?.map((node) => (/^\d+$/.test(node) ? Number(node) : node)),
    links,
    unexplainedOnly: options.unexplained === true,
  } as Omit<ClusterEventFilter, 'listener'>;
}

/** What follows the command of --exec it is given as arguments. */
function runnerOf({ operands, options, variables, complain }: CommandContext): CommandRunner | undefined {
  const program = options.exec;
  if (typeof program !== 'string') {
    const only = ['exec-latest', 'exec-timeout'].find((name) => options[name] !== undefined);
    if (only !== undefined) throw new UsageError(`--${only} is for --exec`);
    if (operands.length > 0)
      throw new UsageError('events takes no arguments; those of a command follow --exec COMMAND --');
    return undefined;
  }
  if (program === '') throw new UsageError('--exec takes the name of a program');
  return new CommandRunner({
    command: [program, ...operands],
    timeLimitMs: duration('exec-timeout', options, 1000) ?? DEFAULT_TIME_LIMIT_MS,
    latestOnly: options['exec-latest'] === true,
    variables,
    complain,
  });
}

function keeperOf({ options, complain }: CommandContext): StateKeeper | undefined {
  const path = options['state-file'];
  if (typeof path !== 'string') {
    const only = ['state-of', 'ignore-left-nodes'].find((name) => options[name] !== undefined);
    if (only !== undefined) throw new UsageError(`--${only} is for --state-file`);
    return undefined;
  }
  const subject = typeof options['state-of'] === 'string' ? options['state-of'] : 'all';
  return new StateKeeper({
    path,
    subject: subject === 'json' ? subject : subjectOf([subject]),
    ignoreLeftNodes: options['ignore-left-nodes'] === true,
    complain,
  });
}
