/**
 * The soak: several of our clients in several processes, and one of libcmap's, on one private corosync. Random calls,
 * iterations, trackers with slow readers, floods, aborts, connections that come and go, sessions; meanwhile corosync and the
 * processes are stopped, killed and started again, the configuration is reloaded, shared memory runs out. Whatever a
 * client knows must be true: its answers, the order of its notifications, and at every quiet point its followers' pictures.
 */
import { writeFileSync } from 'node:fs';
import { Director } from './director.ts';
import { optionsOrExit, type SoakOptions } from './options.ts';
import { formatTotals, toJson } from './report.ts';
import { Server } from './server.ts';
import { Totals } from './totals.ts';

const REPORT_MS = 10_000;

async function main(options: SoakOptions): Promise<boolean> {
  const { minutes, seed, transport } = options;
  console.log(`soak for ${minutes} minutes over ${transport}; again with --seed ${seed}`);
  const totals = new Totals();
  const server = await Server.start(transport, totals);
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  const report = (): void => console.log(`\n${formatTotals(seconds(), totals, server.complaints.length)}`);
  const reporting = setInterval(report, REPORT_MS);
  const director = new Director(server, totals, seed);
  const until = startedAt + minutes * 60_000;
  try {
    do await director.run(until);
    while (performance.now() < until && totals.good);
    await director.stop();
  } catch (error) {
    totals.mismatch(`the soak broke off: ${error instanceof Error ? String(error.stack) : String(error)}`);
  }
  clearInterval(reporting);
  await server.stop();
  report();
  for (const note of totals.notes) console.log(`  ${note}`);
  for (const line of server.complaints.slice(0, 20)) console.log(`  corosync: ${line}`);
  if (options.jsonFile !== undefined)
    writeFileSync(options.jsonFile, toJson(options, seconds(), totals, server.complaints));
  return totals.good;
}

process.exit((await main(optionsOrExit(process.argv.slice(2)))) ? 0 : 1);
