import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { checkOrder } from '../helpers/cpg-order/order-check.ts';
import { REASON, type OrderHistory } from '../helpers/cpg-order/order-history.ts';
import { makePlan } from '../helpers/cpg-order/order-plan.ts';
import { OrderRun } from '../helpers/cpg-order/order-run.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';

/** Of a round. An hour by hand: COROSYNC_CLIENT_FAULT_ROUNDS=50. */
const SECONDS = 45;
/** Three minutes in CI; each round has a cluster of its own. */
const ROUNDS = process.env.CI === undefined ? 1 : 4;
/** Bytes: three fragments of libcpg's, and more of ours. */
const LARGEST = 2_500_000;
const MOST_COMPLAINTS = 10;

/** What there must be in the histories of a round, for it to say anything. */
function coverage(histories: readonly OrderHistory[]): Record<string, number> {
  const count = (what: (history: OrderHistory) => number): number =>
    histories.reduce((sum, history) => sum + what(history), 0);
  const changes = (list: 'joined' | 'left', reason: number): number =>
    count(
      ({ entries }) =>
        entries.filter(
          (entry) => entry.kind === 'view' && entry[list].some((change) => change.reason === reason),
        ).length,
    );
  return {
    messages: count(({ entries }) => entries.filter(({ kind }) => kind === 'message').length),
    'messages in fragments': count(
      ({ entries }) => entries.filter((entry) => entry.kind === 'message' && entry.length > 2_000_000).length,
    ),
    joins: changes('joined', REASON.join),
    leaves: changes('left', REASON.leave),
    'ends of processes': changes('left', REASON.processDown),
    'losses of nodes': changes('left', REASON.nodeDown),
    'returns of nodes': changes('joined', REASON.nodeUp),
  };
}

describeIntegration('the order of cpg', () => {
  it(
    'is the same for all: ours and programs on libcpg, on three nodes that part, end and come back',
    { timeout: rounds(ROUNDS) * (SECONDS + 240) * 1000 },
    async () => {
      await eachRound(ROUNDS, async (random) => {
        const seed = random.below(2 ** 31);
        await using run = await OrderRun.start({ seed, largest: LARGEST });
        for (const step of makePlan(random, SECONDS)) await run.take(step);
        const histories = await run.finish();
        const counts = coverage(histories);
        console.log(`${histories.length} histories:`, counts);
        expect(checkOrder(histories).slice(0, MOST_COMPLAINTS), `histories in ${run.directory}`).toEqual([]);
        for (const [what, many] of Object.entries(counts)) expect(many, what).toBeGreaterThan(0);
        rmSync(run.directory, { recursive: true });
      });
    },
  );
});
