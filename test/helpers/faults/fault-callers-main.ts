/** Makes calls of the services, a few of each at a time, until stdin ends; then says what came of them (fault-child.ts). */
import fs from 'node:fs';
import { SERVICE_CALLS, type CallersReport } from './fault-services.ts';

async function main(names: readonly string[]): Promise<void> {
  const calls = SERVICE_CALLS.filter(({ name }) => names.includes(name));
  const callers = await Promise.all(calls.map((call) => call.connect({})));
  const state = { going: true };
  process.stdin.resume().on('end', () => (state.going = false));
  const calling = callers.map((caller) => caller.callOn(() => state.going));
  fs.writeSync(1, 'ready\n');
  await Promise.all(calling);
  await Promise.all(callers.map(({ client }) => client.close()));
  const reports = callers.map((caller, n): CallersReport => ({
    name: calls[n]?.name ?? '',
    made: caller.made,
    unsettled: caller.unsettled,
    outcomes: [...caller.outcomes],
  }));
  fs.writeSync(1, `${JSON.stringify(reports)}\n`);
}

await main(JSON.parse(process.argv[2] ?? '') as string[]);
