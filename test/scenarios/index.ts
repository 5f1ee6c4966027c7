import { describe, it } from 'vitest';
import { CALLS } from './calls.ts';
import { ITERATION } from './iteration.ts';
import type { ScenarioTarget } from './scenario.ts';
import { STATS } from './stats.ts';
import { TRACKING } from './tracking.ts';
import { WIRE } from './wire.ts';

const SCENARIOS = {
  calls: CALLS,
  'on the wire': WIRE,
  tracking: TRACKING,
  iteration: ITERATION,
  stats: STATS,
};

/** Tests of everything that holds for every corosync, real or not. */
export function describeScenarios(target: () => ScenarioTarget): void {
  for (const [topic, scenarios] of Object.entries(SCENARIOS)) {
    describe(topic, () => {
      it.each(scenarios)('$name', async (scenario) => {
        await scenario.run(target());
      });
    });
  }
}
