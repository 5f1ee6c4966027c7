import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding, type Goal } from '../finding.ts';
import { cpuMicrosecondsEach, microsecondsEach, type Elapsed, type Peer } from '../peer.ts';
import { forPlacements } from '../placement.ts';

/** Gets one at a time: awaited each, against libcmap's call. */
export async function sequentialGet(bench: Bench): Promise<Finding[]> {
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  const idle = await measure(bench, ours, libcmap);
  const busy = await bench.whileBusy([1], () => measure(bench, ours, libcmap));
  const placed = await forPlacements(bench, [ours, libcmap], async (placement) =>
    findings(placement, await measure(bench, ours, libcmap)),
  );
  return [
    ...findings('idle machine', idle, { of: 'ratio', atMost: 1 }),
    ...findings('a processor busy', busy, { of: 'ratio', atMost: 2 }),
    ...placed.flat(),
  ];
}

type Rounds = Record<'ours' | 'libcmap', Elapsed[]>;

function measure(bench: Bench, ours: Peer, libcmap: Peer): Promise<Rounds> {
  return alternate<Elapsed, 'ours' | 'libcmap'>(bench.options.rounds, {
    ours: () => ours.ask('get', bench.seconds),
    libcmap: () => libcmap.ask('get', bench.seconds),
  });
}

function findings(where: string, rounds: Rounds, goal?: Goal): Finding[] {
  return [
    comparison({
      what: where,
      unit: 'us/get',
      ours: rounds.ours.map(microsecondsEach),
      name: 'libcmap loop',
      other: rounds.libcmap.map(microsecondsEach),
      ...(goal === undefined ? {} : { goal }),
    }),
    comparison({
      what: `${where}, processor time`,
      unit: 'us/get',
      ours: rounds.ours.map(cpuMicrosecondsEach),
      name: 'libcmap loop',
      other: rounds.libcmap.map(cpuMicrosecondsEach),
    }),
  ];
}
