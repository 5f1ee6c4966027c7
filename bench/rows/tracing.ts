import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { microsecondsEach, type Elapsed } from '../peer.ts';

/** What it costs a get that somebody listens to what is told to tracing tools. */
export async function tracing(bench: Bench): Promise<Finding[]> {
  await using silent = bench.ours();
  await using traced = bench.ours();
  await traced.ask('trace');
  const measure = async (what: string, words: readonly (string | number)[]): Promise<Finding> => {
    const rounds = await alternate<Elapsed, 'silent' | 'traced'>(bench.options.rounds, {
      silent: () => silent.ask(...words, bench.seconds),
      traced: () => traced.ask(...words, bench.seconds),
    });
    return comparison({
      what,
      unit: 'us/get',
      ours: rounds.traced.map(microsecondsEach),
      name: 'nobody listens',
      other: rounds.silent.map(microsecondsEach),
    });
  };
  return [
    await measure('64 gets at once, traced', ['pipelined-get', 64]),
    await measure('gets one at a time, traced', ['get']),
  ];
}
