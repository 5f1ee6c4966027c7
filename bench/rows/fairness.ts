import { setTimeout as sleep } from 'node:timers/promises';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, finding, type Finding } from '../finding.ts';
import type { Latencies, Peer } from '../peer.ts';
import { troubles } from '../troubles.ts';

const HEAD_START_SECONDS = 0.1;
const GOAL = { of: 'ratio', atMost: 2 } as const;

interface Others {
  readonly cmap: Latencies;
  readonly cpg: Latencies;
}

/** What other clients of corosync wait while we work at full speed, and while libcmap does. */
export async function fairness(bench: Bench): Promise<Finding[]> {
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  await using cmap = bench.libcmap();
  await using cpg = bench.cpg();
  const seconds = bench.seconds * 2;
  const loaded = async (load: () => Promise<unknown>): Promise<Others> => {
    const working = load();
    await sleep(HEAD_START_SECONDS * 1000);
    const others = await latencies(cmap, cpg, seconds);
    await working;
    return others;
  };
  const loadSeconds = seconds + 2 * HEAD_START_SECONDS;
  const troublesBefore = troubles();
  const rounds = await alternate<Others, 'nobody' | 'ours' | 'libcmap'>(bench.options.rounds, {
    nobody: () => latencies(cmap, cpg, seconds),
    ours: () => loaded(() => ours.ask('pipelined-get', 256, loadSeconds)),
    libcmap: () => loaded(() => libcmap.ask('get', loadSeconds)),
  });
  const troublesAfter = troubles();
  return [
    ...compare('libcmap get', rounds, ({ cmap }) => cmap),
    ...compare('cpg round trip', rounds, ({ cpg }) => cpg),
    finding({
      what: 'lost tokens, scheduling misses',
      unit: '',
      ours: [troublesAfter - troublesBefore],
      goal: { of: 'ours', atMost: 0 },
    }),
  ];
}

async function latencies(cmapPeer: Peer, cpgPeer: Peer, seconds: number): Promise<Others> {
  const [cmap, cpg] = await Promise.all([
    cmapPeer.ask<Latencies>('latency', seconds),
    cpgPeer.ask<Latencies>('latency', seconds),
  ]);
  return { cmap, cpg };
}

function compare(
  client: string,
  rounds: Record<'nobody' | 'ours' | 'libcmap', Others[]>,
  of: (others: Others) => Latencies,
): Finding[] {
  const figures = [
    ['p50', ({ p50Ns }: Latencies) => p50Ns / 1000],
    ['p99', ({ p99Ns }: Latencies) => p99Ns / 1000],
  ] as const;
  return figures.flatMap(([name, pick]) => {
    const samples = (load: 'nobody' | 'ours' | 'libcmap'): number[] =>
      rounds[load].map((others) => pick(of(others)));
    const measured = { what: `${client} beside us, ${name}`, unit: 'us', ours: samples('ours') };
    return [
      comparison({ ...measured, name: 'beside libcmap', other: samples('libcmap'), goal: GOAL }),
      comparison({ ...measured, name: 'beside nobody', other: samples('nobody') }),
    ];
  });
}
