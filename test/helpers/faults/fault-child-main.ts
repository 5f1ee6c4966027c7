/** The other side of fault-child.ts: traffic until stdin ends, then the report; a signal to itself at an exact step. */
import fs from 'node:fs';
import type { FaultTask } from './fault-child.ts';
import { beforeStep } from './fault-steps.ts';
import { Traffic } from './fault-traffic.ts';
import { Random } from '../integration/integration-random.ts';

async function main(task: FaultTask): Promise<void> {
  const random = new Random(task.seed);
  const traffics = await Promise.all(
    task.activities.map((activity) =>
      Traffic.start(`${activity}-${process.pid}`, activity, new Random(random.below(2 ** 31)), task.options),
    ),
  );
  const { at } = task;
  if (at !== undefined) {
    beforeStep(at.step, at.nth, () => {
      fs.writeSync(1, 'struck\n');
      process.kill(process.pid, at.signal);
    });
  }
  fs.writeSync(1, 'ready\n');
  await new Promise((resolve) => process.stdin.resume().on('end', resolve));
  await Promise.all(traffics.map((traffic) => traffic.finish()));
  const reports = traffics.map(({ activity, ledger }) => ({ activity, ...ledger.report() }));
  fs.writeSync(1, `${JSON.stringify(reports)}\n`);
}

await main(JSON.parse(process.argv[2] ?? '') as FaultTask);
