import { beforeEach } from 'vitest';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { describeServiceScenarios } from '../scenarios/services/index.ts';

describeOnCorosync('what holds for the services of the fake holds for the real ones', (suite) => {
  // Expected votes that a scenario has set would stay.
  beforeEach(async () => {
    suite.tolerate(/can't mcast/); // fragments of a message that a change of members has interrupted
    await suite.restart();
  });

  describeServiceScenarios(() => ({
    options: {},
    map: () => suite.connect(),
    die: async () => {
      suite.corosync.kill('SIGKILL');
      await suite.corosync.exited();
    },
    restart: () => suite.restart(),
  }));
});
