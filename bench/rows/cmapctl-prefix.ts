import { spawnSync } from 'node:child_process';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { timeProcess } from '../time-process.ts';

const KEYS = 10_000;
const PREFIX = 'bench.printed.';

/** Our command line tool against corosync's, as whole processes. */
export async function cmapctlPrefix(bench: Bench): Promise<Finding[]> {
  const script = bench.dropIn('cmapctl');
  await bench.createKeys(PREFIX, KEYS);
  checkOutputs(script);
  const rounds = await alternate<number, 'ours' | 'corosync'>(bench.options.rounds, {
    ours: () => timeProcess(process.execPath, [script, PREFIX]),
    corosync: () => timeProcess('corosync-cmapctl', [PREFIX]),
  });
  const what = `print ${KEYS} keys`;
  const goal = { of: 'ratio', atMost: 1 / 3 } as const;
  return [
    comparison({
      what,
      unit: 'ms',
      ours: rounds.ours,
      name: 'corosync-cmapctl',
      other: rounds.corosync,
      goal,
    }),
  ];
}

function checkOutputs(script: string): void {
  const ours = spawnSync(process.execPath, [script, PREFIX], { maxBuffer: Infinity });
  const theirs = spawnSync('corosync-cmapctl', [PREFIX], { maxBuffer: Infinity });
  if (!ours.stdout.equals(theirs.stdout)) throw new Error('the two tools do not print the same');
}
