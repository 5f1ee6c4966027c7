import fc from 'fast-check';
import { it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { steps } from '../properties/commands.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { takeSteps } from '../properties/world.ts';

describeOnCorosync('any sequence of calls on a real corosync', (suite) => {
  // A connection that is destroyed while corosync tells it of a change makes corosync say so, as any client's death does.
  suite.tolerate(/event_send(?:: Broken pipe| retuned -32)/);

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
        parameters(500),
      );
    },
    timeLimitMs(300_000),
  );
});
