import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { cpuMicrosecondsEach, microsecondsEach, type Elapsed, type Peer } from '../peer.ts';
import { summarize } from '../statistics.ts';

const AS_BUILT = 'as built';

/** Settings of the wait ladder (src/ipc/calls/wait-ladder.ts) to compare; what is not named stays as it is. */
const SETTINGS: readonly (readonly [name: string, settings: Readonly<Record<string, number>>])[] = [
  [AS_BUILT, {}],
  ['spin 0', { spinUs: 0 }],
  ['spin 20', { spinUs: 20 }],
  ['spin 60', { spinUs: 60 }],
  ['spin 200', { spinUs: 200 }],
  ['immediate 0', { immediateMs: 0 }],
  ['immediate 5', { immediateMs: 5 }],
];
const BUSY = [
  ['idle machine', []],
  ['one processor busy', [1]],
  ['both processors busy', [0, 1]],
] as const;
const COMMANDS = [
  ['one at a time', ['get']],
  ['64 at once', ['pipelined-get', 64]],
] as const;

/** What the constants of the wait ladder are chosen by: time and processor time of gets under other settings. */
export async function wait(bench: Bench): Promise<Finding[]> {
  await using ours = bench.oursUnbundled();
  const findings: Finding[] = [];
  for (const [where, processors] of BUSY) {
    await bench.whileBusy(processors, async () => {
      for (const [how, command] of COMMANDS) {
        findings.push(...(await compareSettings(bench, ours, `${where}, ${how}`, command)));
      }
    });
  }
  return findings;
}

async function compareSettings(
  bench: Bench,
  ours: Peer,
  where: string,
  command: readonly (string | number)[],
): Promise<Finding[]> {
  const asBuilt = await ours.ask<object>('wait', '{}');
  const seconds = bench.options.quick ? 0.04 : 0.08;
  const contenders = SETTINGS.map(([name, settings]) => {
    const run = async (): Promise<Elapsed> => {
      await ours.ask('wait', JSON.stringify({ ...asBuilt, ...settings }));
      return ours.ask<Elapsed>(...command, seconds);
    };
    return [name, run] as const;
  });
  const rounds = await alternate<Elapsed, string>(bench.options.rounds, Object.fromEntries(contenders));
  await ours.ask('wait', JSON.stringify(asBuilt));
  const asBuiltEach = (rounds[AS_BUILT] ?? []).map(microsecondsEach);
  return Object.entries(rounds).map(([name, elapsed]) =>
    comparison({
      what: `${where}: ${name}`,
      unit: 'us/get',
      ours: elapsed.map(microsecondsEach),
      name: AS_BUILT,
      other: asBuiltEach,
      details: { 'processor time': summarize(elapsed.map(cpuMicrosecondsEach)) },
    }),
  );
}
