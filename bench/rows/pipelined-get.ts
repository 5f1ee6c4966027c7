import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, finding, type Finding } from '../finding.ts';
import { microsecondsEach, type Elapsed, type Peer } from '../peer.ts';
import { forPlacements } from '../placement.ts';
import { residentMegabytes } from '../process-cost.ts';

const WINDOWS = [64, 256];
/** More than the heap of a client that keeps nothing can grow by; one that kept its requests would pass it at once. */
const MOST_GROWTH_MB = 64;

interface Peers {
  readonly ours: Peer;
  readonly libqb: Peer;
  readonly libcmap: Peer;
}

/** Many gets at once, beside what a C client can do at best, and beside libcmap, which cannot have more than one. */
export async function pipelinedGet(bench: Bench): Promise<Finding[]> {
  await using ours = bench.ours();
  await using libqb = bench.libqb();
  await using libcmap = bench.libcmap();
  await ours.ask('pipelined-get', 64, bench.seconds);
  const before = residentMegabytes(ours.pid);
  const findings: Finding[] = [];
  for (const window of WINDOWS) findings.push(...(await compareAll(bench, { ours, libqb, libcmap }, window)));
  const placed = await forPlacements(bench, [ours, libqb], (placement) =>
    compareWithLimit(bench, { ours, libqb }, `64, ${placement}`, 64),
  );
  const growth = finding({
    what: 'memory after all these',
    unit: 'MB more',
    ours: [residentMegabytes(ours.pid) - before],
    goal: { of: 'ours', atMost: MOST_GROWTH_MB },
  });
  return [...findings, ...placed, growth];
}

async function compareAll(bench: Bench, { ours, libqb, libcmap }: Peers, window: number): Promise<Finding[]> {
  const rounds = await alternate<Elapsed, 'ours' | 'libqb' | 'libcmap'>(bench.options.rounds, {
    ours: () => ours.ask('pipelined-get', window, bench.seconds),
    libqb: () => libqb.ask('pipelined-get', window, bench.seconds),
    libcmap: () => libcmap.ask('get', bench.seconds),
  });
  const measured = { what: `${window} at once`, unit: 'us/get', ours: rounds.ours.map(microsecondsEach) };
  const limit = rounds.libqb.map(microsecondsEach);
  const loop = rounds.libcmap.map(microsecondsEach);
  return [
    comparison({ ...measured, name: 'libqb, pipelined', other: limit, goal: { of: 'ratio', atMost: 1.5 } }),
    comparison({ ...measured, name: 'libcmap loop', other: loop, goal: { of: 'ratio', atMost: 1 / 6 } }),
  ];
}

async function compareWithLimit(
  bench: Bench,
  { ours, libqb }: Pick<Peers, 'ours' | 'libqb'>,
  what: string,
  window: number,
): Promise<Finding> {
  const rounds = await alternate<Elapsed, 'ours' | 'libqb'>(bench.options.rounds, {
    ours: () => ours.ask('pipelined-get', window, bench.seconds),
    libqb: () => libqb.ask('pipelined-get', window, bench.seconds),
  });
  return comparison({
    what,
    unit: 'us/get',
    ours: rounds.ours.map(microsecondsEach),
    name: 'libqb, pipelined',
    other: rounds.libqb.map(microsecondsEach),
  });
}
