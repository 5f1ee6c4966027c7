import { it } from 'vitest';
import { CFG } from './cfg.ts';
import { CPG } from './cpg.ts';
import { QUORUM } from './quorum.ts';
import type { ServiceTarget } from './target.ts';
import { VOTEQUORUM } from './votequorum.ts';

/** Tests of what holds for the services of every corosync of one node, real or not. */
export function describeServiceScenarios(target: () => ServiceTarget): void {
  it.each([...QUORUM, ...VOTEQUORUM, ...CFG, ...CPG])('$name', async (scenario) => {
    await scenario.run(target());
  });
}
