import { expect } from 'vitest';
import { CfgClient } from '../../../src/index.ts';
import { ourOutcome } from '../../helpers/integration/integration-outcome.ts';
import type { ServiceScenario } from './target.ts';

const NO_LINK = {
  enabled: false,
  connected: false,
  dynamicallyConnected: false,
  mtu: 0,
  sourceAddress: '',
  destinationAddress: '',
};

export const CFG: readonly ServiceScenario[] = [
  {
    name: 'CfgClient: who and where this node is, and what its link to itself is like',
    async run(target) {
      await using client = await CfgClient.connect(target.options);
      expect(await client.localNodeId()).toBe(1);
      expect(await client.nodeAddresses()).toEqual(['127.0.0.1']);
      expect(await client.nodeAddresses(1)).toEqual(['127.0.0.1']);
      expect(await client.ringStatus()).toEqual([{ name: '0 127.0.0.1', status: 'n' }]);
      const { links, ...status } = await client.nodeStatus(1);
      expect(status).toEqual({
        nodeId: 1,
        reachable: true,
        remote: false,
        external: false,
        onwireMin: 0,
        onwireMax: 0,
        onwireVersion: 0,
      });
      const itself = { sourceAddress: '127.0.0.1', destinationAddress: '127.0.0.1' };
      const loopback = { ...NO_LINK, ...itself, enabled: true, connected: true, mtu: 65_535 };
      expect(links).toEqual([loopback, ...Array<typeof NO_LINK>(7).fill(NO_LINK)]);
    },
  },
  {
    name: 'CfgClient: a node that is not known',
    async run(target) {
      await using client = await CfgClient.connect(target.options);
      expect(await ourOutcome(() => client.nodeAddresses(9))).toBe('CS_ERR_NOT_EXIST');
    },
  },
];
