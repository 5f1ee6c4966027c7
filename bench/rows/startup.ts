import { spawnSync } from 'node:child_process';
import { alternate } from '../alternate.ts';
import { peerScript, type Bench } from '../bench.ts';
import { comparison, finding, type Finding } from '../finding.ts';
import { timeProcess } from '../time-process.ts';

/** What importing the client costs, and how soon a fresh process has its first value. */
export async function startup(bench: Bench): Promise<Finding[]> {
  const { dist } = bench.options;
  const node = process.execPath;
  const rounds = await alternate<number, 'nothing' | 'imported' | 'whole' | 'inside' | 'corosync'>(
    bench.options.rounds * 2,
    {
      nothing: () => timeProcess(node, [peerScript('import-nothing'), dist]),
      imported: () => timeProcess(node, [peerScript('import-only'), dist]),
      whole: () => timeProcess(node, [peerScript('first-get'), dist]),
      inside: () => timeToFirstGet(dist),
      corosync: () => timeProcess('corosync-cmapctl', ['-g', 'bench.get.000000']),
    },
    1,
  );
  const importing = rounds.imported.map((ms, round) => ms - (rounds.nothing[round] ?? NaN));
  return [
    finding({
      what: 'import, over an empty program',
      unit: 'ms',
      ours: importing,
      goal: { of: 'ours', atMost: 15 },
    }),
    finding({ what: 'empty program', unit: 'ms', ours: rounds.nothing }),
    finding({ what: 'process start to first value', unit: 'ms', ours: rounds.inside }),
    comparison({
      what: 'whole process, one get',
      unit: 'ms',
      ours: rounds.whole,
      name: 'corosync-cmapctl -g',
      other: rounds.corosync,
    }),
  ];
}

/** Measured inside, from the time at which the process began. */
function timeToFirstGet(dist: string): number {
  return Number(spawnSync(process.execPath, [peerScript('first-get'), dist], { encoding: 'utf8' }).stdout);
}
