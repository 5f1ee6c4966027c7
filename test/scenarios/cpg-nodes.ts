import { expect } from 'vitest';
import type { CpgConnectOptions } from '../../src/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { member } from './services/cpg.ts';

/** A process in a group on another node. */
export interface RemoteMember {
  readonly nodeId: number;
  readonly pid: number;
  mcast(message: string | Uint8Array): Promise<void>;
  leave(): Promise<void>;
  /** It ends without a word. */
  die(): Promise<void>;
}

/** Three nodes, real or not, of which we are on the first. */
export interface ThreeNodes {
  readonly options: CpgConnectOptions;
  join(nodeId: number, group: string): Promise<RemoteMember>;
  /** They run on alone. */
  cutOff(...nodeIds: readonly number[]): Promise<void>;
  back(...nodeIds: readonly number[]): Promise<void>;
  /** corosync ends there in good order. */
  shutDown(nodeId: number): Promise<void>;
  /** It starts there. */
  start(nodeId: number): Promise<void>;
  kill(nodeId: number): Promise<void>;
}

export interface ThreeNodesScenario {
  readonly name: string;
  run(nodes: ThreeNodes): Promise<void>;
}

const SLOWLY = { everyMs: 5, timeoutMs: 30_000 };
const named = ({ nodeId, pid }: RemoteMember): string => `${nodeId}:${pid}`;

export const CPG_NODES: readonly ThreeNodesScenario[] = [
  {
    name: 'members of other nodes come, send short messages and long ones, and go, and who was there before is in the view',
    async run(nodes) {
      const two = await nodes.join(2, 'chat');
      const us = await member(nodes, { pid: 7, initialRing: true });
      const three = await nodes.join(3, 'chat');
      const has = (count: number): Promise<void> =>
        waitUntil(`${count} events`, () => us.told.length >= count, SLOWLY);
      await has(3);
      await two.mcast('short');
      await has(4);
      await three.mcast(Buffer.alloc(3_000_000, 'z'));
      await has(5);
      await us.client.mcast('ours', { delivered: true });
      await two.leave();
      await has(7);
      await three.die();
      await has(8);
      expect(us.told).toEqual([
        `joined 1:7 join; left; of 1:7,${named(two)}`,
        'nodes 1,2,3',
        `joined ${named(three)} join; left; of 1:7,${named(two)},${named(three)}`,
        `${named(two)} short`,
        `${named(three)} 3000000 bytes, 1 different`,
        '1:7 ours',
        `joined; left ${named(two)} leave; of 1:7,${named(three)}`,
        `joined; left ${named(three)} process-down; of 1:7`,
      ]);
      await us.client.close();
    },
  },
  {
    name: 'each part of a cluster that falls apart goes on, and both are one group again when it heals',
    async run(nodes) {
      const us = await member(nodes, { pid: 7 });
      const two = await nodes.join(2, 'chat');
      const three = await nodes.join(3, 'chat');
      await waitUntil('all are there', () => us.told.length === 3, SLOWLY);
      us.told.length = 0;
      await nodes.cutOff(2, 3);
      await waitUntil('they are gone', () => us.told.includes('nodes 1'), SLOWLY);
      await us.client.mcast('to nobody', { delivered: true });
      await nodes.back(2);
      await waitUntil('node 2 is back', () => us.told.includes('nodes 1,2'), SLOWLY);
      await nodes.back(3);
      await waitUntil('node 3 is back', () => us.told.includes('nodes 1,2,3'), SLOWLY);
      await three.mcast('again');
      await waitUntil('it is heard', () => us.told.at(-1) === `${named(three)} again`, SLOWLY);
      expect(us.told).toEqual([
        `joined; left ${named(two)} node-down, ${named(three)} node-down; of 1:7`,
        'nodes 1',
        '1:7 to nobody',
        `joined ${named(two)} node-up; left; of 1:7,${named(two)}`,
        'nodes 1,2',
        `joined ${named(three)} node-up; left; of 1:7,${named(two)},${named(three)}`,
        'nodes 1,2,3',
        `${named(three)} again`,
      ]);
      await us.client.close();
    },
  },
  {
    name: 'a long message comes whole, and once, though a node goes meanwhile; nothing is lost by it',
    async run(nodes) {
      const us = await member(nodes, { pid: 7 });
      const two = await nodes.join(2, 'chat');
      const three = await nodes.join(3, 'chat');
      await waitUntil('all are there', () => us.told.length === 3, SLOWLY);
      const sent = [
        us.client.mcast('before'),
        us.client.mcast(Buffer.alloc(6_000_000, 'z')),
        us.client.mcast('behind'),
      ];
      await nodes.shutDown(3);
      await Promise.all(sent);
      await waitUntil('the node is gone', () => us.told.includes('nodes 1,2'), SLOWLY);
      await us.client.mcast('the end', { delivered: true });
      const messages = us.told.filter((text) => text.startsWith('1:7 '));
      expect(messages).toEqual(['1:7 before', '1:7 6000000 bytes, 1 different', '1:7 behind', '1:7 the end']);
      // In traffic, what corosync says of its processes before it ends may not get out.
      const gone = us.told.filter((text) => text.startsWith(`joined; left ${named(three)} `));
      expect(gone).toEqual([expect.stringMatching(/ (?:process|node)-down; of 1:7,2:\d+$/)]);
      expect(await us.client.members('chat')).toEqual([
        { nodeId: 1, pid: 7 },
        { nodeId: 2, pid: two.pid },
      ]);
      await us.client.close();
      await nodes.start(3);
    },
  },
  {
    name: 'who was on a node that is killed has left with it',
    async run(nodes) {
      const us = await member(nodes, { pid: 7 });
      const three = await nodes.join(3, 'chat');
      await waitUntil('all are there', () => us.told.length === 2, SLOWLY);
      us.told.length = 0;
      await nodes.kill(3);
      await waitUntil('the node is gone', () => us.told.includes('nodes 1,2'), SLOWLY);
      expect(us.told).toEqual([`joined; left ${named(three)} node-down; of 1:7`, 'nodes 1,2']);
      await us.client.close();
      await nodes.start(3);
    },
  },
];
