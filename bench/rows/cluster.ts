import { setTimeout as sleep } from 'node:timers/promises';
import { OtherNode } from '../../test/helpers/corosync/other-node.ts';
import { peerScript, type Bench } from '../bench.ts';
import { comparison, finding, type Finding } from '../finding.ts';
import { Peer } from '../peer.ts';
import { besideOtherNodes } from '../placement.ts';
import { processCost, residentMegabytes } from '../process-cost.ts';
import { withThreeNodes, type ThreeNodes } from '../three-nodes.ts';

/** Until V8 has collected what reading the cluster for the first time left. */
const SETTLE_MS = 15_000;

/** corosync's own default: how often it is asked depends on it. */
const TOKEN_MS = 3000;

/** What it costs to hold the picture of a quiet cluster of three nodes and two links: the program, and corosync. */
export async function clusterIdle(bench: Bench): Promise<Finding[]> {
  return withThreeNodes(bench, { links: 2, tokenMs: TOKEN_MS }, async ({ others }) => {
    // On another node, where it costs other's time.
    await using lean = hold(bench, ['--no-opt'], others[0]?.inside);
    await lean.answer();
    const findings = await holding(bench);
    return [...findings, memory('the same, run by node --no-opt: resident memory', lean)];
  });
}

async function holding(bench: Bench): Promise<Finding[]> {
  const { pid } = bench.corosync;
  const seconds = bench.options.quick ? 10 : 600;
  const alone = await corosyncShare(pid, Math.min(seconds, 60));
  await using ours = hold(bench);
  await ours.answer();
  await sleep(SETTLE_MS);
  const before = processCost(ours.pid).cpuMs;
  const first = residentMegabytes(ours.pid);
  const beside = await corosyncShare(pid, seconds);
  const spent = processCost(ours.pid).cpuMs - before;
  const what = `holding a Cluster, ${seconds} s`;
  return [
    finding({
      what: `${what}: processor time`,
      unit: '% of a core',
      ours: [spent / seconds / 10],
      goal: { of: 'ours', atMost: 0.5 },
    }),
    {
      ...memory(`${what}: resident memory`, ours),
      details: { 'at first': { median: first, min: first, max: first } },
    },
    comparison({
      what: `${what}: corosync's processor time`,
      unit: '% of a core',
      ours: [beside],
      name: 'nobody asks',
      other: [alone],
    }),
    finding({
      what: `${what}: what it costs corosync`,
      unit: '% of a core',
      ours: [beside - alone],
      goal: { of: 'ours', atMost: 0.2 },
    }),
  ];
}

/** @param flags of Node */
function hold(bench: Bench, flags: readonly string[] = [], inside: readonly string[] = []): Holder {
  return new Holder(process.execPath, [...flags, peerScript('hold-cluster'), bench.options.dist], inside);
}

/** It does not listen, and so has to be ended. */
class Holder extends Peer {
  override [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    return super[Symbol.asyncDispose]();
  }
}

function memory(what: string, { pid }: Peer): Finding {
  return finding({
    what,
    unit: 'MB',
    ours: [residentMegabytes(pid)],
    goal: { of: 'ours', atMost: 55 },
  });
}

/** In % of a core. */
async function corosyncShare(pid: number, seconds: number): Promise<number> {
  const before = processCost(pid).cpuMs;
  await sleep(seconds * 1000);
  return (processCost(pid).cpuMs - before) / seconds / 10;
}

/** From libquorum's dispatch of a change of members to the event of the cluster, and from the end of the own corosync. */
export async function clusterLatency(bench: Bench): Promise<Finding[]> {
  return [...(await memberLatencies(bench)), await deathLatency(bench)];
}

const CHANGES = [
  ['a node leaves', 'member.left', (node) => node.stop()],
  ['a node joins', 'member.joined', start],
  ['a node is killed', 'member.failed', (node) => node.killed()],
  ['a node joins again', 'member.joined', start],
] as const satisfies readonly (readonly [string, string, (node: OtherNode) => Promise<void>])[];

function memberLatencies(bench: Bench): Promise<Finding[]> {
  return besideOtherNodes((move) =>
    withThreeNodes(bench, {}, (nodes) => behindLibquorum(bench, nodes, move)),
  );
}

async function behindLibquorum(
  bench: Bench,
  { others }: ThreeNodes,
  move: (pid: number) => void,
): Promise<Finding[]> {
  const node = others[1];
  if (node === undefined) throw new Error('there is no third node');
  await using ours = bench.oursCluster();
  await using libquorum = bench.libquorum();
  for (const { pid } of [bench.corosync, ours, libquorum]) move(pid);
  await ours.ask('ready');
  const samples = CHANGES.map((): number[] => []);
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const [index, [, type, change]] of CHANGES.entries()) {
      samples[index]?.push(await delay(ours, libquorum, type, () => change(node)));
      await settled(ours);
    }
  }
  return CHANGES.map(([what], index) =>
    finding({
      what: `${what}: event after libquorum's`,
      unit: 'ms',
      ours: samples[index] ?? [],
      goal: { of: 'ours', atMost: 20 },
    }),
  );
}

function start(node: OtherNode): Promise<void> {
  node.start();
  return Promise.resolve();
}

interface Time {
  /** Nanoseconds on the monotonic clock. */
  readonly time: number;
}

/** In milliseconds. */
async function delay(
  ours: Peer,
  libquorum: Peer,
  type: string,
  change: () => Promise<void>,
): Promise<number> {
  await ours.ask('event-time', type);
  await libquorum.ask('event-times', 1);
  const [, { time }, { times }] = await Promise.all([
    change(),
    ours.answer<Time>(type),
    libquorum.answer<{ times: readonly number[] }>('event-times'),
  ]);
  return (time - (times[0] ?? NaN)) / 1e6;
}

/** Links come up after their node. */
async function settled(ours: Peer): Promise<void> {
  await sleep(3000);
  await ours.ask('ready');
}

async function deathLatency(bench: Bench): Promise<Finding> {
  const samples: number[] = [];
  for (let round = 0; round < bench.options.rounds; round += 1)
    samples.push(await bench.withCorosync({}, () => afterDeath(bench)));
  return finding({
    what: 'the own corosync is killed: event after it',
    unit: 'ms',
    ours: samples,
    goal: { of: 'ours', atMost: 50 },
  });
}

/** In milliseconds. */
async function afterDeath(bench: Bench): Promise<number> {
  await using ours = bench.oursCluster();
  await ours.ask('ready');
  await sleep(2000);
  await ours.ask('event-time', 'corosync.down');
  const killed = Number(process.hrtime.bigint());
  bench.corosync.kill('SIGKILL');
  const { time } = await ours.answer<Time>('corosync.down');
  ours.kill(); // it would wait for corosync
  return (time - killed) / 1e6;
}
