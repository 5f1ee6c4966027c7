import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { timeProcess } from '../time-process.ts';

/** The drop-ins beside corosync's own tools, as whole processes: for ours that is mostly Node's start. */
export async function toolStart(bench: Bench): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of ['quorumtool', 'cfgtool'] as const) {
    const script = bench.dropIn(name);
    const rounds = await alternate<number, 'ours' | 'corosync'>(bench.options.rounds, {
      ours: () => timeProcess(process.execPath, [script, '-s']),
      corosync: () => timeProcess(`corosync-${name}`, ['-s']),
    });
    findings.push(
      comparison({
        what: `${name} -s`,
        unit: 'ms',
        ours: rounds.ours,
        name: `corosync-${name} -s`,
        other: rounds.corosync,
      }),
    );
  }
  return findings;
}
