import fc from 'fast-check';
import { it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { describeOnCorosync } from '../helpers/integration-suite.ts';
import { steps } from '../properties/commands.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { takeSteps } from '../properties/world.ts';

describeOnCorosync('any sequence of calls on a real corosync', (suite) => {
  it(
    'gives the answers and notifications of the model',
    async () => {
      const target = {
        connect: CmapClient.connect.bind(CmapClient),
        pause: () => suite.corosync.pause(),
        resume: () => suite.corosync.resume(),
      };
      await fc.assert(
        fc.asyncProperty(steps, (list) => takeSteps(target, list)),
        parameters(300),
      );
    },
    timeLimitMs(120_000),
  );
});
