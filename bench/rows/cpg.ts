import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { withThreeNodes, type ThreeNodes } from '../three-nodes.ts';
import { comparison, type Finding } from '../finding.ts';
import { cpuMicrosecondsEach, type Elapsed, type Latencies, type Peer } from '../peer.ts';

/** Bytes of a message, and how many times as many as libcpg's better loop we are to send, on one node and on three. */
const SIZES = [
  [64, 6, 3.5],
  [1024, 3, 1.8],
  [16 * 1024, 1, 0.9],
  [64 * 1024, 0.7, 0.9],
  [1_047_552, 0.45, 0.85],
] as const;
/** How many messages libcpg sends before it dispatches: what its programs do, and what is better for small ones. */
const LOOPS = [1, 64] as const;
/** With more of the largest ones, libcpg's own loop waits for corosync's heap to drain. */
const MOST_IN_LOOP = 8;

/** In a shorter round it counts how quickly the window fills, and that the code is cold. */
const SECONDS = 1;

const GROUPS = { ours: 'bench-ours', libcpg: 'bench-libcpg' } as const;

/** What one node sends to itself. */
export async function cpg(bench: Bench): Promise<Finding[]> {
  return sendAndReturn(bench, 'one node', 0);
}

/** The same in a cluster, where programs on libcpg take the messages on the other nodes. */
export async function cpgCluster(bench: Bench): Promise<Finding[]> {
  return withThreeNodes(bench, {}, async (nodes) => {
    await using drains = await drainGroups(bench, nodes);
    if (drains.count === 0) throw new Error('nobody takes the messages');
    return await sendAndReturn(bench, 'three nodes', 1);
  });
}

function secondsOf({ options, seconds }: Bench): number {
  return options.quick ? seconds : SECONDS;
}

async function drainGroups(bench: Bench, nodes: ThreeNodes): Promise<AsyncDisposable & { count: number }> {
  const peers: Peer[] = [];
  for (const { inside } of nodes.others)
    for (const group of Object.values(GROUPS)) peers.push(bench.libcpg([group, 'drain'], inside));
  for (const peer of peers) await peer.answer('drain');
  return {
    count: peers.length,
    [Symbol.asyncDispose]: async () => {
      for (const peer of peers) await peer.end();
    },
  };
}

async function sendAndReturn(bench: Bench, where: string, goal: 0 | 1): Promise<Finding[]> {
  await using ours = bench.oursCpg(GROUPS.ours);
  await using libcpg = bench.libcpg([GROUPS.libcpg]);
  const findings: Finding[] = [];
  for (const [size, ...goals] of SIZES)
    findings.push(
      ...(await throughput(bench, { ours, libcpg }, size, `${where}, ${size} bytes`, goals[goal])),
    );
  return [...findings, await roundTrips(bench, { ours, libcpg }, where)];
}

interface Peers {
  readonly ours: Peer;
  readonly libcpg: Peer;
}

async function throughput(
  bench: Bench,
  { ours, libcpg }: Peers,
  size: number,
  what: string,
  atLeast: number,
): Promise<Finding[]> {
  const seconds = secondsOf(bench);
  const [each, many] = LOOPS.map((every) => (size > 64 * 1024 ? Math.min(every, MOST_IN_LOOP) : every));
  const rounds = await alternate<Elapsed, 'ours' | 'each' | 'many'>(bench.options.rounds, {
    ours: () => ours.ask('send', size, seconds),
    each: () => libcpg.ask('send', size, each ?? 1, seconds),
    many: () => libcpg.ask('send', size, many ?? 1, seconds),
  });
  const perSecond = ({ count, ns }: Elapsed): number => (count / ns) * 1e6;
  const better = rounds.each.map((round, index) => {
    const other = rounds.many[index];
    return other === undefined || perSecond(round) > perSecond(other) ? round : other;
  });
  const row = (name: string, unit: string, figure: (round: Elapsed) => number): Omit<Finding, 'goal'> =>
    comparison({
      what: name,
      unit,
      ours: rounds.ours.map(figure),
      name: 'libcpg',
      other: better.map(figure),
    });
  return [
    { ...row(what, '1000/s', perSecond), goal: { of: 'ratio', atLeast } },
    row(`${what}: processor time`, 'us each', cpuMicrosecondsEach),
  ];
}

async function roundTrips(bench: Bench, { ours, libcpg }: Peers, where: string): Promise<Finding> {
  const rounds = await alternate<Latencies, 'ours' | 'libcpg'>(bench.options.rounds, {
    ours: () => ours.ask('round-trips', 64, secondsOf(bench)),
    libcpg: () => libcpg.ask('round-trips', 64, secondsOf(bench)),
  });
  return comparison({
    what: `${where}, one at a time, p50`,
    unit: 'us',
    ours: rounds.ours.map(({ p50Ns }) => p50Ns / 1000),
    name: 'libcpg',
    other: rounds.libcpg.map(({ p50Ns }) => p50Ns / 1000),
    goal: { of: 'ratio', atMost: 1.5 },
  });
}
