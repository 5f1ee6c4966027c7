import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { microsecondsEach, type Elapsed } from '../peer.ts';

/** A call of each of the two services, and the C function that does the same. */
const CALLS = [
  ['get-quorate', 'quorum_getquorate'],
  ['get-info', 'votequorum_getinfo'],
] as const;
const WINDOW = 64;

/** Many calls at once, and one at a time, beside a loop over the C function, which cannot have more than one. */
export async function serviceCalls(bench: Bench): Promise<Finding[]> {
  await using ours = bench.ourServices();
  await using libquorum = bench.libquorum();
  const findings: Finding[] = [];
  for (const [command, name] of CALLS) {
    const rounds = await alternate<Elapsed, 'pipelined' | 'single' | 'loop'>(bench.options.rounds, {
      pipelined: () => ours.ask(command, WINDOW, bench.seconds),
      loop: () => libquorum.ask(command, bench.seconds),
      single: () => ours.ask(command, 1, bench.seconds),
    });
    const other = rounds.loop.map(microsecondsEach);
    const row = (what: string, measured: readonly Elapsed[], atMost: number): Finding =>
      comparison({
        what: `${command}, ${what}`,
        unit: 'us/call',
        ours: measured.map(microsecondsEach),
        name: `${name} loop`,
        other,
        goal: { of: 'ratio', atMost },
      });
    findings.push(row(`${WINDOW} at once`, rounds.pipelined, 1 / 6), row('one at a time', rounds.single, 1));
  }
  return findings;
}
