import type { Cluster } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { duration } from '../arguments/duration.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { conditionOf, type Condition } from '../status/conditions.ts';
import { troubleOf } from '../status/trouble.ts';
import { whyStale } from '../status/verdict.ts';
import { untilSignalled } from '../stop-signals.ts';

/** Waits until all conditions hold at once, for certain. Waits for corosync, too. */
export async function wait(context: CommandContext): Promise<number> {
  const { operands } = context;
  if (operands.length === 0) throw new UsageError('wait needs one of quorate, member=NAME, link-up, whole');
  const conditions = operands.map(conditionOf);
  const withinMs = duration('timeout', context.options, 1000) ?? Infinity;
  let code: number = EXIT.failed;
  await untilSignalled(async (signal) => {
    const cluster = await context.openCluster();
    const complaints = new Set<string>();
    let doubt: string | undefined;
    const giveUp = (): void => {
      doubt ??= doubtOf(cluster);
      complain(cluster, complaints, context);
      void cluster.close();
    };
    signal.addEventListener('abort', giveUp);
    const timer = withinMs === Infinity ? undefined : setTimeout(giveUp, withinMs);
    const why = await missingAtTheEnd(cluster, conditions, () => complain(cluster, complaints, context));
    clearTimeout(timer);
    if (why === undefined) code = EXIT.ok;
    else
      context.complain(
        signal.aborted
          ? `not waited to the end: ${doubt ?? why}`
          : `not within ${withinMs / 1000} s: ${doubt ?? why}`,
      );
  });
  return code;
}

/** `undefined`: nothing. Whatever is in the way is told once. */
async function missingAtTheEnd(
  cluster: Cluster,
  conditions: readonly Condition[],
  sayWhy: () => void,
): Promise<string | undefined> {
  const timer = setInterval(sayWhy, 1000);
  try {
    let missing: string | undefined = whyStale('starting');
    for await (const state of cluster.states()) {
      if (state.freshness.kind === 'stale') continue;
      const all = conditions.map((condition) => condition.missing(state));
      missing = all.find((one) => one !== undefined);
      if (missing === undefined && state.freshness.kind === 'fresh') return undefined;
      missing ??= 'corosync is still finding out what the cluster is';
    }
    return missing;
  } finally {
    clearInterval(timer);
  }
}

/** `closed`: that is by us, and no reason. */
function doubtOf({ freshness }: Pick<Cluster, 'freshness'>): string | undefined {
  return freshness.kind === 'stale' && freshness.why !== 'closed' ? whyStale(freshness.why) : undefined;
}

function complain({ freshness }: Cluster, complaints: Set<string>, context: CommandContext): void {
  const trouble = troubleOf(freshness);
  if (trouble === undefined || complaints.has(trouble)) return;
  complaints.add(trouble);
  context.complain(`${trouble}; trying again until it works`);
}
