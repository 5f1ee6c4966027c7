import { expect } from 'vitest';
import { VotequorumClient, type VotequorumTrackEvent } from '../../../src/index.ts';
import { ourOutcome } from '../../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import type { ServiceScenario } from './target.ts';

const SOON = { everyMs: 1 };

export const VOTEQUORUM: readonly ServiceScenario[] = [
  {
    name: 'VotequorumClient: what is known of a node, and of one that was never seen',
    async run(target) {
      await using client = await VotequorumClient.connect(target.options);
      const info = await client.getInfo();
      expect(info).toEqual({
        nodeId: 1,
        state: 'member',
        votes: 1,
        expectedVotes: 1,
        highestExpected: 1,
        totalVotes: 1,
        quorum: 1,
        flags: ['quorate'],
        flagBits: 2,
        qdeviceVotes: 0,
        qdeviceName: '',
      });
      expect(await client.getInfo(1)).toEqual(info);
      expect(await ourOutcome(() => client.getInfo(4))).toBe('CS_ERR_NOT_EXIST');
    },
  },
  {
    name: 'VotequorumClient: expected votes that rise are told after the quorum that they cost, and before the one that they give',
    async run(target) {
      await using client = await VotequorumClient.connect(target.options);
      const map = await target.map();
      const told: VotequorumTrackEvent[] = [];
      await client.track({ listener: (event) => void told.push(event) });
      await map.setUint32('quorum.expected_votes', 3);
      await waitUntil('quorum is lost', () => told.length === 4, SOON);
      expect(await client.getInfo()).toMatchObject({ expectedVotes: 3, quorum: 2, flags: [] });
      await map.setUint32('quorum.expected_votes', 1);
      await waitUntil('quorum is regained', () => told.length === 6, SOON);
      const nodes = [{ nodeId: 1, state: 'member' }];
      expect(told).toMatchObject([
        { kind: 'nodelist', members: [1], snapshot: true },
        { kind: 'quorum', quorate: true, nodes, snapshot: true },
        { kind: 'quorum', quorate: false, nodes, snapshot: false },
        { kind: 'expected-votes', expectedVotes: 3 },
        { kind: 'expected-votes', expectedVotes: 1 },
        { kind: 'quorum', quorate: true, nodes, snapshot: false },
      ]);
    },
  },
];
