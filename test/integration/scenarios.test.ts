import { afterEach, describe } from 'vitest';
import type { CmapClient } from '../../src/index.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { describeScenarios } from '../scenarios/index.ts';

describeOnCorosync('what holds for the fake corosync', (suite) => {
  let passing: CmapClient | undefined;
  const raws: RawConnection[] = [];

  afterEach(async () => {
    for (const raw of raws.splice(0)) await raw[Symbol.asyncDispose]();
  });

  describe('holds for the real one', () => {
    describeScenarios(() => ({
      ipcType: suite.transport === 'socket' ? 'socket' : 'shm',
      connect: (options) => {
        if (options?.bufferSize !== undefined) suite.letEventsQueue(); // what is to fill a small ring
        return suite.connect(options);
      },
      raw: async () => {
        const raw = await RawConnection.connect({});
        raws.push(raw);
        return raw;
      },
      changingStat: 'stats.srp.time_since_token_last_received',
      passingStats: {
        prefix: 'stats.ipcs.service0.',
        appear: async () => void (passing = await suite.connect()),
        vanish: async () => passing?.close(),
      },
    }));
  });
});
