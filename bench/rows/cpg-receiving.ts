import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { cpuMicrosecondsEach, type Elapsed, type Peer } from '../peer.ts';

const GROUP = 'bench-receiving';
const SIZES = [64, 1024];

/** Messages of another process that sends as fast as it can, beside libcpg's dispatch. */
export async function cpgReceiving(bench: Bench): Promise<Finding[]> {
  await using sender = bench.oursCpg(GROUP);
  await using ours = bench.oursCpg('bench-ours');
  await using libcpg = bench.libcpg(['bench-libcpg']);
  const count = bench.options.quick ? 20_000 : 100_000;
  const findings: Finding[] = [];
  for (const size of SIZES) {
    const receive = async (peer: Peer): Promise<Elapsed> => {
      await peer.ask('receive', GROUP, count);
      const [, received] = await Promise.all([
        sender.ask('send-count', size, count),
        peer.answer<Elapsed>('receive'),
      ]);
      return received;
    };
    const rounds = await alternate<Elapsed, 'ours' | 'libcpg'>(bench.options.rounds, {
      ours: () => receive(ours),
      libcpg: () => receive(libcpg),
    });
    const row = (what: string, unit: string, figure: (round: Elapsed) => number): Omit<Finding, 'goal'> =>
      comparison({
        what: `${what}, ${size} bytes`,
        unit,
        ours: rounds.ours.map(figure),
        name: 'libcpg cpg_dispatch',
        other: rounds.libcpg.map(figure),
      });
    findings.push(
      {
        ...row('received', '1000/s', ({ count: n, ns }) => (n / ns) * 1e6),
        goal: { of: 'ratio', atLeast: 1 },
      },
      { ...row('processor time', 'us each', cpuMicrosecondsEach), goal: { of: 'ratio', atMost: 2 } },
    );
  }
  return findings;
}
