import { expect } from 'vitest';
import { ConnectionError, CpgClient, type CpgEvent, type CpgJoinOptions } from '../../../src/index.ts';
import { ourOutcome } from '../../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import type { ServiceScenario, ServiceTarget } from './target.ts';

const SOON = { everyMs: 1 };

/** A member of a group, with what it was told in short. */
interface Member {
  readonly client: CpgClient;
  readonly told: string[];
}

export async function member(
  { options }: Pick<ServiceTarget, 'options'>,
  join: CpgJoinOptions & { readonly group?: string } = {},
): Promise<Member> {
  const { group = 'chat', ...how } = join;
  const client = await CpgClient.connect(options);
  const told: string[] = [];
  await client.join(group, { ...how, listener: (event) => void told.push(short(event)) });
  return { client, told };
}

/** `1:7 text`, `joined 1:7 join; left; of 1:7`, `nodes 1`. Of long messages, their length and the number of different bytes. */
function short(event: CpgEvent): string {
  switch (event.kind) {
    case 'message': {
      const { from, message } = event;
      const text =
        message.length > 1000
          ? `${message.length} bytes, ${new Set(message).size} different`
          : Buffer.from(message).toString();
      return `${from.nodeId}:${from.pid} ${text}`;
    }
    case 'membership': {
      const changes = (list: typeof event.joined): string =>
        list.map(({ nodeId, pid, reason }) => ` ${nodeId}:${pid} ${reason}`).join();
      const members = event.members.map(({ nodeId, pid }) => `${nodeId}:${pid}`).join();
      return `joined${changes(event.joined)}; left${changes(event.left)}; of ${members}`;
    }
    case 'ring':
      return `nodes ${event.members.join()}`;
  }
}

export const CPG: readonly ServiceScenario[] = [
  {
    name: 'CpgClient: two members are told the same in the same order, large messages among small ones',
    async run(target) {
      const one = await member(target, { pid: 1 });
      const two = await member(target, { pid: 2 });
      const large = Buffer.alloc(1_500_000, 'x');
      const sent: Promise<void>[] = [];
      for (let round = 0; round < 40; round++) {
        for (const { client } of [one, two])
          sent.push(client.mcast(round % 20 === 10 ? large : `message ${round}`));
        if (round % 8 === 0) await one.client.mcast('now', { delivered: true });
      }
      await Promise.all(sent);
      await two.client.leave();
      await one.client.mcast('the end', { delivered: true });
      await waitUntil('all is told', () => one.told.at(-1) === '1:1 the end', SOON);
      expect(one.told.slice(1, -1)).toEqual(two.told);
      const of = (pid: number): string[] => two.told.filter((text) => text.startsWith(`1:${pid} `));
      const messages = (pid: number): string[] =>
        Array.from({ length: 40 }, (_, round) =>
          round % 20 === 10 ? `1:${pid} 1500000 bytes, 1 different` : `1:${pid} message ${round}`,
        );
      expect(of(1).filter((text) => text !== '1:1 now')).toEqual(messages(1));
      expect(of(2)).toEqual(messages(2));
      await Promise.all([one.client.close(), two.client.close()]);
    },
  },
  {
    name: 'CpgClient: a pid that is taken, a second group, a message of who is in none',
    async run(target) {
      const { client } = await member(target, { pid: 7 });
      await using other = await CpgClient.connect(target.options);
      expect(await ourOutcome(() => other.join('chat', { pid: 7 }))).toBe('CS_ERR_EXIST');
      expect(await ourOutcome(() => other.mcast('nobody'))).toBe('CS_ERR_NOT_EXIST');
      expect(await ourOutcome(() => other.leave())).toBe('CS_ERR_NOT_EXIST');
      expect(await ourOutcome(() => client.join('chat', { pid: 8 }))).toBe('CS_ERR_EXIST');
      expect(await ourOutcome(() => client.join('other', { pid: 7 }))).toBe('CS_ERR_EXIST');
      expect(await other.members('chat')).toEqual([{ nodeId: 1, pid: 7 }]);
      expect(await other.groups()).toEqual([{ group: 'chat' }]);
      await client.close();
      await other.join('chat', { pid: 7, listener: () => undefined });
      expect(await other.allMembers()).toEqual([{ group: 'chat', nodeId: 1, pid: 7 }]);
    },
  },
  {
    name: 'CpgClient: a long message comes whole, and once, though members come and go meanwhile',
    async run(target) {
      const { client, told } = await member(target, { pid: 7 });
      const sent = client.mcast(Buffer.alloc(4_000_000, 'y'), { delivered: true });
      const message = { isOver: false };
      void sent.finally(() => (message.isOver = true));
      for (let pid = 100; pid < 102 || (!message.isOver && pid < 106); pid++)
        await (await member(target, { pid })).client.close();
      await sent;
      expect(told.filter((text) => text.includes('bytes'))).toEqual(['1:7 4000000 bytes, 1 different']);
      await client.close();
    },
  },
  {
    name: 'CpgClient: who has left hears nothing more; who closes has left',
    async run(target) {
      const staying = await member(target, { pid: 1 });
      const leaving = await member(target, { pid: 2 });
      const closing = await member(target, { pid: 3 });
      await leaving.client.leave();
      await closing.client.mcast('last');
      await closing.client.close();
      await staying.client.mcast('alone', { delivered: true });
      expect(staying.told).toEqual([
        'joined 1:1 join; left; of 1:1',
        'joined 1:2 join; left; of 1:1,1:2',
        'joined 1:3 join; left; of 1:1,1:2,1:3',
        'joined; left 1:2 leave; of 1:1,1:3',
        '1:3 last',
        'joined; left 1:3 leave; of 1:1',
        '1:1 alone',
      ]);
      expect(leaving.told).toEqual(staying.told.slice(1, 4));
      expect(await leaving.client.members('chat')).toEqual([{ nodeId: 1, pid: 1 }]);
      await Promise.all([staying.client.close(), leaving.client.close()]);
    },
  },
  {
    name: 'CpgClient: the end of corosync ends the events with an error, and groups are forgotten',
    async run(target) {
      const client = await CpgClient.connect(target.options);
      await client.join('chat', { initialRing: true });
      const events = client.events();
      expect([await events.next(), await events.next()].map(({ value }) => value?.kind).sort()).toEqual([
        'membership',
        'ring',
      ]);
      await target.die();
      await expect(events.next()).rejects.toThrow(ConnectionError);
      expect(await ourOutcome(() => client.mcast('nobody'))).toMatch(/^CS_ERR_(?:LIBRARY|BAD_HANDLE)$/);
      await client.close();
      await target.restart();
      const again = await member(target, { pid: 7 });
      expect(again.told).toEqual(['joined 1:7 join; left; of 1:7']);
      await again.client.close();
    },
  },
];
