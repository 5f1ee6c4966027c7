import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import type { Peer } from '../peer.ts';
import { quantile } from '../statistics.ts';

const INTERVAL_US = 2000;
/** With one node's vote and one of the device, both are needed. */
const WITH_DEVICE = { config: { quorum: 'device {\n    model: net\n    votes: 1\n  }' } };

interface Times {
  /** Nanoseconds on the monotonic clock. */
  readonly times: readonly number[];
}

/**
 * From a quorum device's poll, which makes or ends quorum, to a listener, beside libquorum's dispatch loop. What corosync itself
 * takes for it is in both.
 */
export async function quorumLatency(bench: Bench): Promise<Finding[]> {
  return bench.withCorosync(WITH_DEVICE, async () => {
    await using device = bench.libquorum();
    await using ours = bench.ourServices();
    await using libquorum = bench.libquorum();
    const rounds = await alternate<readonly number[], 'ours' | 'libquorum'>(bench.options.rounds, {
      ours: () => latencies(bench, device, ours),
      libquorum: () => latencies(bench, device, libquorum),
    });
    return [row('p50', rounds, 0.5, 1.5), row('p99', rounds, 0.99)];
  });
}

/** In microseconds. */
async function latencies(bench: Bench, device: Peer, receiver: Peer): Promise<readonly number[]> {
  // An even number: the device has taken its vote back when it goes, and its end changes nothing.
  const count = Math.round((bench.seconds * 4e6) / INTERVAL_US / 2) * 2;
  await receiver.ask('event-times', count);
  const [{ times: polled }, { times: told }] = await Promise.all([
    device.ask<Times>('paced-polls', count, INTERVAL_US),
    receiver.answer<Times>('event-times'),
  ]);
  const all = told.map((at, index) => (at - (polled[index] ?? NaN)) / 1000);
  if (all.some((us) => !(us > 0))) throw new Error('an event came before its poll');
  return all;
}

function row(
  what: string,
  rounds: Record<'ours' | 'libquorum', (readonly number[])[]>,
  share: number,
  atMost?: number,
): Finding {
  return comparison({
    what: `${what}, one change of quorum each ${INTERVAL_US / 1000} ms`,
    unit: 'us',
    ours: rounds.ours.map((round) => quantile(round, share)),
    name: 'libquorum quorum_dispatch',
    other: rounds.libquorum.map((round) => quantile(round, share)),
    ...(atMost === undefined ? {} : { goal: { of: 'ratio', atMost } }),
  });
}
