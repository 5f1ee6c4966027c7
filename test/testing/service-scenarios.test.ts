import { afterEach, beforeEach, describe, expect } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { describeServiceScenarios } from '../scenarios/services/index.ts';

describe.each(['shm', 'socket'] as const)('the services of the fake with qb_ipc_type %s', (ipcType) => {
  let fake: FakeCorosync;
  const maps: CmapClient[] = [];

  beforeEach(async () => {
    fake = await FakeCorosync.start({ ipcType, cluster: { nodes: [{ addresses: ['127.0.0.1'] }] } });
  });

  afterEach(async () => {
    for (const map of maps.splice(0)) await map.close();
    await fake.stop();
    expect(fake.clients).toEqual([]);
  });

  describeServiceScenarios(() => ({
    options: fake.connectOptions,
    map: async () => {
      const map = await CmapClient.connect(fake.connectOptions);
      maps.push(map);
      return map;
    },
    die: async () => {
      fake.die();
      await Promise.resolve();
    },
    restart: () => fake.restart(),
  }));
});
