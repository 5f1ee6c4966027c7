import type { Bench } from '../bench.ts';
import { finding, type Finding } from '../finding.ts';
import type { Elapsed, Latencies, Peer } from '../peer.ts';
import { residentMegabytes } from '../process-cost.ts';
import { withThreeNodes, type ThreeNodes } from '../three-nodes.ts';
import { troubles } from '../troubles.ts';

const SENDERS_PER_NODE = 3;
const SIZES = [64, 1024, 16 * 1024];
const LOOK_EVERY_MS = 50;

interface Burdens {
  /** Messages that each sender got back in a second, all together. */
  readonly rate: number;
  readonly residentMb: number;
  readonly getMs: number;
  readonly troubles: number;
}

/** What nine senders at full speed on three nodes do to corosync. Without a window it grows by gigabytes, and loses the token. */
export async function cpgSenders(bench: Bench): Promise<Finding[]> {
  return withThreeNodes(bench, {}, async (nodes) => {
    await bench.createKeys('bench.get.', 64); // what is read beside
    const findings: Finding[] = [];
    for (const [groups, nameOf] of Object.entries(GROUPINGS))
      for (const size of SIZES) findings.push(...(await measure(bench, nodes, size, groups, nameOf)));
    return findings;
  });
}

/** The window of a sender sees only its own group. */
const GROUPINGS = {
  'in one group': () => 'bench-senders',
  'in a group each': (sender) => `bench-sender-${sender}`,
} satisfies Record<string, (sender: number) => string>;

async function measure(
  bench: Bench,
  nodes: ThreeNodes,
  size: number,
  groups: string,
  nameOf: (sender: number) => string,
): Promise<Finding[]> {
  const rounds: Burdens[] = [];
  for (let round = 0; round < bench.options.rounds; round += 1)
    rounds.push(await burden(bench, nodes, size, nameOf));
  const what = `nine senders ${groups}, ${size} bytes`;
  const row = (name: string, unit: string, pick: (burdens: Burdens) => number, atMost?: number): Finding =>
    finding({
      what: `${what}: ${name}`,
      unit,
      ours: rounds.map(pick),
      ...(atMost === undefined ? {} : { goal: { of: 'ours', atMost } }),
    });
  return [
    row('sent', '1000/s', ({ rate }) => rate / 1000),
    row('largest corosync', 'MB', ({ residentMb }) => residentMb, 150),
    row('slowest cmap_get', 'ms', ({ getMs }) => getMs, 200),
    row('lost tokens, scheduling misses', '', ({ troubles: count }) => count, 0),
  ];
}

async function burden(
  bench: Bench,
  nodes: ThreeNodes,
  size: number,
  nameOf: (sender: number) => string,
): Promise<Burdens> {
  const places = [[], ...nodes.others.map(({ inside }) => inside)];
  const countTroubles = (): number => places.reduce((sum, inside) => sum + troubles(inside), 0);
  const peers = places.flatMap((inside, node) =>
    Array.from({ length: SENDERS_PER_NODE }, (_, index) =>
      bench.oursCpg(nameOf(node * SENDERS_PER_NODE + index), inside),
    ),
  );
  await using beside = bench.libcmap();
  try {
    await Promise.all(peers.map(async (peer) => peer.ask('send', size, 0.05)));
    const before = countTroubles();
    const pids = [bench.corosync.pid, ...nodes.others.map(({ corosyncPid }) => corosyncPid)];
    const growth = watchMemory(pids);
    const [latencies, sent] = await sendBeside(peers, beside, size, bench.seconds * 8);
    return {
      rate: sent.reduce((sum, { count, ns }) => sum + (count / ns) * 1e9, 0),
      residentMb: growth.stop(),
      getMs: latencies.maxNs / 1e6,
      troubles: countTroubles() - before,
    };
  } finally {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  }
}

async function sendBeside(
  peers: readonly Peer[],
  beside: Peer,
  size: number,
  seconds: number,
): Promise<[Latencies, Elapsed[]]> {
  return Promise.all([
    beside.ask<Latencies>('latency', seconds),
    Promise.all(peers.map(async (peer) => peer.ask<Elapsed>('send', size, seconds))),
  ]);
}

/** The most memory that any of these processes has had. */
function watchMemory(pids: readonly number[]): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, ...pids.map(residentMegabytes))), LOOK_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
