import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { describeScenarios } from '../scenarios/index.ts';
import type { ScenarioTarget } from '../scenarios/scenario.ts';

const CHANGING = 'stats.srp.mcast_tx';
const PASSING = 'stats.knet.node2.link0.connected';

describe.each(['shm', 'socket'] as const)('the fake corosync with qb_ipc_type %s', (ipcType) => {
  let fake: FakeCorosync;
  let changing: NodeJS.Timeout;
  const open: AsyncDisposable[] = [];

  beforeEach(async () => {
    fake = await FakeCorosync.start({
      entries: { 'totem.cluster_name': { type: 'string', value: 'private' } },
      stats: { [CHANGING]: { type: 'uint64', value: 1n } },
      statsPollMs: 20,
      ipcType,
    });
    let count = 1n;
    changing = setInterval(() => fake.cmap.setStat(CHANGING, { type: 'uint64', value: (count += 1n) }), 5);
  });

  afterEach(async () => {
    clearInterval(changing);
    for (const connection of open.splice(0)) await connection[Symbol.asyncDispose]();
    await fake.stop();
    expect(fake.clients).toEqual([]);
  });

  const kept = <T extends AsyncDisposable>(connection: T): T => {
    open.push(connection);
    return connection;
  };
  const target: ScenarioTarget = {
    ipcType,
    connect: async (options) => kept(await CmapClient.connect({ ...fake.connectOptions, ...options })),
    raw: async () => kept(await RawConnection.connect(fake.connectOptions)),
    changingStat: CHANGING,
    passingStats: {
      prefix: 'stats.knet.',
      appear: async () => {
        await turn();
        fake.cmap.setStat(PASSING, { type: 'uint8', value: 1 });
      },
      vanish: async () => {
        await turn();
        fake.cmap.deleteStat(PASSING);
      },
    },
  };
  describeScenarios(() => target);
});
