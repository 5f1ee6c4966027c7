import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import type { Latencies, Peer } from '../peer.ts';

const KEY = 'bench.latency.time';
/** Microseconds between two changes: one at a time, and many, but not so many that they flood. */
const INTERVALS_US = [2000, 200];

/** From another client's set to a listener, beside libcmap's dispatch loop: what it takes when nobody waits for anything else. */
export async function eventLatency(bench: Bench): Promise<Finding[]> {
  await using sender = bench.libcmap();
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  const findings: Finding[] = [];
  for (const intervalUs of INTERVALS_US) {
    const rounds = await alternate<Latencies, 'ours' | 'libcmap'>(bench.options.rounds, {
      ours: () => latencies(bench, sender, ours, intervalUs),
      libcmap: () => latencies(bench, sender, libcmap, intervalUs),
    });
    const what = `one change each ${intervalUs / 1000} ms`;
    findings.push(row(`p50, ${what}`, rounds, 'p50Ns', 1.5), row(`p99, ${what}`, rounds, 'p99Ns', 2));
  }
  return findings;
}

async function latencies(bench: Bench, sender: Peer, receiver: Peer, intervalUs: number): Promise<Latencies> {
  const seconds = bench.options.quick ? 0.2 : 1;
  const count = Math.round((seconds * 1e6) / intervalUs);
  await receiver.ask('event-latency', KEY, count);
  const [, received] = await Promise.all([
    sender.ask('paced-set', KEY, count, intervalUs),
    receiver.answer<Latencies>('event-latency'),
  ]);
  return received;
}

function row(
  what: string,
  rounds: Record<'ours' | 'libcmap', Latencies[]>,
  figure: 'p50Ns' | 'p99Ns',
  atMost: number,
): Finding {
  return comparison({
    what,
    unit: 'us',
    ours: rounds.ours.map((round) => round[figure] / 1000),
    name: 'libcmap cmap_dispatch',
    other: rounds.libcmap.map((round) => round[figure] / 1000),
    goal: { of: 'ratio', atMost },
  });
}
