import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, finding, type Finding } from '../finding.ts';
import { microsecondsEach, type Elapsed, type Peer } from '../peer.ts';
import { ratios } from '../statistics.ts';

const SIZES = [1000, 10_000, 100_000];

/** All entries below a prefix, and whether their number changes the cost of one. */
export async function iterate(bench: Bench): Promise<Finding[]> {
  for (const size of SIZES) await bench.createKeys(prefixOf(size), size);
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  const findings: Finding[] = [];
  const costs: number[][] = [];
  for (const size of SIZES) {
    const rounds = await measure(bench, ours, libcmap, size);
    const each = rounds.ours.map(microsecondsEach);
    costs.push(each);
    findings.push(
      comparison({
        what: `${size} keys`,
        unit: 'us/key',
        ours: each,
        name: 'libcmap iter_next + get',
        other: rounds.libcmap.map(microsecondsEach),
        ...(size === 1000 ? {} : { goal: { of: 'ratio', atMost: 1 / 6 } }),
      }),
    );
  }
  return [...findings, flatness(costs)];
}

function measure(
  bench: Bench,
  ours: Peer,
  libcmap: Peer,
  size: number,
): Promise<Record<'ours' | 'libcmap', Elapsed[]>> {
  const rounds = bench.options.quick && size === SIZES.at(-1) ? 1 : bench.options.rounds;
  // The largest one needs no warm-up after the others, and takes seconds.
  const warmUp = size === SIZES.at(-1) ? 0 : 1;
  const all = async (peer: Peer): Promise<Elapsed> => {
    const elapsed = await peer.ask<Elapsed>('iterate', prefixOf(size));
    if (elapsed.count !== size) throw new Error(`${elapsed.count} of ${size} keys were found`);
    return elapsed;
  };
  return alternate<Elapsed, 'ours' | 'libcmap'>(
    rounds,
    { ours: () => all(ours), libcmap: () => all(libcmap) },
    warmUp,
  );
}

function flatness(costs: readonly number[][]): Finding {
  const [least = [], , most = []] = costs;
  return finding({
    what: `a key of ${SIZES.at(-1) ?? 0} to one of ${SIZES[0] ?? 0}`,
    unit: 'ratio',
    ours: ratios(most, least),
    goal: { of: 'ours', atMost: 1.25 },
  });
}

function prefixOf(size: number): string {
  return `bench.of-${size}.`;
}
