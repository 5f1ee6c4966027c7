import { expect } from 'vitest';
import {
  QuorumClient,
  QuorumSession,
  type QuorumFollowEvent,
  type QuorumTrackEvent,
} from '../../../src/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import type { ServiceScenario } from './target.ts';

const SOON = { everyMs: 1 };

export const QUORUM: readonly ServiceScenario[] = [
  {
    name: 'QuorumClient: quorum that is lost and regained by votes is told alone, with the ring as it was',
    async run(target) {
      await using client = await QuorumClient.connect(target.options);
      const map = await target.map();
      expect({ model: client.model, type: client.type, quorate: await client.getQuorate() }).toEqual({
        model: 'v1',
        type: 'set',
        quorate: true,
      });
      const told: QuorumTrackEvent[] = [];
      await client.track({ listener: (event) => void told.push(event) });
      await waitUntil('the snapshot is told', () => told.length === 2, SOON);
      await map.setUint32('quorum.expected_votes', 3);
      await waitUntil('quorum is lost', () => told.length === 3, SOON);
      expect(await client.getQuorate()).toBe(false);
      await map.setUint32('quorum.expected_votes', 1);
      await waitUntil('quorum is regained', () => told.length === 4, SOON);
      const [nodelist] = told;
      const ringId = nodelist?.kind === 'nodelist' ? nodelist.ringId : undefined;
      const changed = { kind: 'quorum', ringId, members: [1] };
      expect(told).toMatchObject([
        { kind: 'nodelist', ringId: { nodeId: 1 }, members: [1], joined: [], left: [], snapshot: true },
        { ...changed, quorate: true, snapshot: true },
        { ...changed, quorate: false, snapshot: false },
        { ...changed, quorate: true, snapshot: false },
      ]);
    },
  },
  {
    name: 'QuorumClient: trackers come and go, and each begins with what holds',
    async run(target) {
      await using client = await QuorumClient.connect(target.options);
      for (let round = 0; round < 5; round++) {
        const kinds: string[] = [];
        const trackers = await Promise.all([client.track(), client.track()]);
        await using last = await client.track({ listener: ({ kind }) => void kinds.push(kind) });
        await Promise.all(trackers.map((tracker) => tracker.close()));
        await waitUntil('the last one knows what holds', () => kinds.length === 2, SOON);
        expect([last, kinds]).toEqual([last, ['nodelist', 'quorum']]);
      }
    },
  },
  {
    name: 'QuorumSession: it follows across a restart, and its calls wait',
    async run(target) {
      await using session = QuorumSession.open({
        ...target.options,
        backOff: { firstDelayMs: 20, maxDelayMs: 50 },
      });
      const told: QuorumFollowEvent[] = [];
      await using follower = session.follow({ listener: (event) => void told.push(event) });
      await session.ready();
      await target.die();
      await waitUntil('the loss is told', () => told.length === 2, SOON);
      const quorate = session.getQuorate();
      await target.restart();
      expect(await quorate).toBe(true);
      await waitUntil('it is back', () => told.length === 3, SOON);
      expect(told).toMatchObject([
        { kind: 'snapshot', state: { quorate: true, members: [1] } },
        { kind: 'lost', error: { code: 'CS_ERR_LIBRARY' } },
        { kind: 'resynced', state: { quorate: true, members: [1] } },
      ]);
      expect(follower.current).toMatchObject({ quorate: true, members: [1] });
    },
  },
];
