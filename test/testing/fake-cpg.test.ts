import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { CpgSide } from '../helpers/wire/cpg-side.ts';
import type { MessageFields } from '../helpers/wire/message-builder.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const hex = (text: string): string => Buffer.from(text).toString('hex');
const join = (group: string, pid: number, flags = 0): MessageFields => ({
  message: 'reqCpgJoin',
  group: hex(group),
  pid,
  flags,
});
const leave = (group: string, pid: number): MessageFields => ({
  message: 'reqCpgLeave',
  group: hex(group),
  pid,
});
const mcast = (text: string): MessageFields => ({ message: 'reqCpgMcast', guarantee: 2, bytes: hex(text) });
const fragment = (part: number, text: string): MessageFields => ({
  message: 'reqCpgPartialMcast',
  guarantee: 2,
  messageLength: 10,
  part,
  bytes: hex(text),
});
const LOCAL: MessageFields = { message: 'reqHeaderOnly', id: 4 };
const FINALIZE: MessageFields = { message: 'reqHeaderOnly', id: 8 };
const OK = {
  join: '0 24 error 1 ',
  leave: '1 24 error 1 ',
  fragment: '18 24 error 1 ',
  local: '7 32 error 1 1',
};

let fake: FakeCorosync;
let side: CpgSide;

beforeEach(async () => {
  fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
  side = new CpgSide(fake.connectOptions);
});

afterEach(async () => {
  await side[Symbol.asyncDispose]();
  await fake.stop();
});

interface Entry {
  readonly nodeId: number;
  readonly pid: number;
  readonly reason?: string;
}

/** An event's fields, of whatever kind it is. */
interface Told extends Entry {
  readonly members?: readonly Entry[];
  readonly joined?: readonly Entry[];
  readonly left?: readonly Entry[];
  readonly message?: string;
  readonly part?: string;
  readonly bytes?: string;
}

const list = (entries: readonly Entry[] = []): string =>
  entries.map(({ nodeId, pid, reason }) => [`${nodeId}:${pid}`, reason].join(' ').trim()).join();

/** What a client is told, in short: `+1:7 join - of 1:7`, `totem 1,2`, `1:7 text`. */
function short(event: string): string {
  const totem = /^totem: .*: ([\d,]+)$/.exec(event);
  if (totem !== null) return `totem ${totem[1] ?? ''}`;
  const told = JSON.parse(event.slice(event.indexOf(': {') + 2)) as Told;
  const { members, joined, left, nodeId, pid, message, part, bytes } = told;
  if (members !== undefined) return `+${list(joined)} -${list(left)} of ${list(members)}`;
  return `${nodeId}:${pid} ${message ?? [part, bytes].join(' ')}`;
}

async function told(client: string, count: number): Promise<string[]> {
  const all: string[] = [];
  await waitUntil(
    `${count} events`,
    () => {
      all.push(...(side.takeEvents()[client] ?? []));
      return all.length >= count;
    },
    { everyMs: 1 },
  );
  return all.map(short);
}

describe('processes of other nodes', () => {
  it('come, send and go, and a client in their group is told', async () => {
    fake.cpg.join('chat', { nodeId: 2, pid: 7 });
    fake.cpg.join('other', { nodeId: 2, pid: 7 });
    expect(await side.send('a', join('chat', 5, 1))).toBe(OK.join);
    expect(await told('a', 2)).toEqual(['+1:5 join - of 1:5,2:7', 'totem 1,2,3']);
    fake.cpg.mcast('chat', { nodeId: 2, pid: 7 }, 'hello');
    fake.cpg.mcast('other', { nodeId: 2, pid: 7 }, 'not heard');
    fake.cpg.mcastFragments('chat', { nodeId: 2, pid: 7 }, 'abcdefgh', 3);
    fake.cpg.join('chat', { nodeId: 3, pid: 9 });
    fake.cpg.leave('chat', { nodeId: 2, pid: 7 });
    fake.cpg.leave('chat', { nodeId: 3, pid: 9 }, 'process-down');
    expect(await told('a', 7)).toEqual([
      '2:7 hello',
      '2:7 first abc',
      '2:7 continued def',
      '2:7 last gh',
      '+3:9 join - of 1:5,2:7,3:9',
      '+ -2:7 leave of 1:5,3:9',
      '+ -3:9 process-down of 1:5',
    ]);
    expect(fake.cpg.groups).toEqual(['chat', 'other']);
    expect(fake.cpg.members('chat')).toEqual([{ nodeId: 1, pid: 5 }]);
  });

  it('end with their node; run on where it is cut off, and come back, the last one first', async () => {
    for (const [nodeId, pid] of [
      [2, 7],
      [2, 8],
      [3, 9],
    ] as const)
      fake.cpg.join('chat', { nodeId, pid });
    await side.send('a', join('chat', 5));
    await told('a', 1);
    fake.cluster.isolate(2, 3);
    fake.cpg.join('chat', { nodeId: 3, pid: 10 });
    expect(() => fake.cpg.mcast('chat', { nodeId: 3, pid: 10 }, '')).toThrow('mcast: node 3 is no member');
    fake.cluster.join(2, 3);
    fake.cluster.lose(2);
    fake.cluster.join(2);
    fake.cluster.shutDown(3);
    fake.cluster.rejoin(2);
    expect(await told('a', 11)).toEqual([
      '+ -2:7 node-down,2:8 node-down,3:9 node-down of 1:5',
      'totem 1',
      '+3:10 node-up,3:9 node-up,2:8 node-up,2:7 node-up - of 1:5,2:7,2:8,3:9,3:10',
      'totem 1,2,3',
      '+ -2:7 node-down,2:8 node-down of 1:5,3:9,3:10',
      'totem 1,3',
      'totem 1,2,3',
      '+ -3:10 process-down of 1:5,3:9',
      '+ -3:9 process-down of 1:5',
      'totem 1,2',
      'totem 1,2',
    ]);
  });

  it('are there again when the fake’s corosync has died and come back', async () => {
    fake.cpg.join('chat', { nodeId: 2, pid: 7 });
    fake.die();
    expect(() => fake.cpg).toThrow('this fake is dead');
    await fake.restart();
    expect(fake.cpg.members('chat')).toEqual([{ nodeId: 2, pid: 7 }]);
  });

  it('are heard by a fake that was paused when it goes on', async () => {
    await side.send('a', join('chat', 5));
    await told('a', 1);
    fake.pause();
    fake.cpg.join('chat', { nodeId: 2, pid: 7 });
    fake.cluster.lose(2);
    expect(fake.cpg.members('chat')).toHaveLength(1);
    fake.resume();
    expect(await told('a', 3)).toEqual(['+2:7 join - of 1:5,2:7', '+ -2:7 node-down of 1:5', 'totem 1,3']);
  });

  it('that there are not, or not in the group, are refused', () => {
    const { cpg } = fake;
    expect(() => cpg.join('chat', { nodeId: 9, pid: 1 })).toThrow(
      'join: there is no node 9 in the nodelist, which has 1, 2, 3',
    );
    expect(() => cpg.leave('chat', { nodeId: 2, pid: 1 })).toThrow(
      'leave: pid 1 of node 2, group "chat", has not joined',
    );
    cpg.join('chat', { nodeId: 2, pid: 1 });
    expect(() => cpg.join('chat', { nodeId: 2, pid: 1 })).toThrow('is in the group already');
    expect(() => cpg.join('c'.repeat(129), { nodeId: 2, pid: 1 })).toThrow('has 129 bytes, more than 128');
    expect(() => cpg.mcast('chat', { nodeId: 2, pid: 1 }, Buffer.alloc(1_113_001))).toThrow(
      'at most 1113000 bytes',
    );
    expect(() => cpg.mcastFragment('chat', { nodeId: 2, pid: 1 }, { part: 'middle' } as never)).toThrow(
      "'first', 'continued'",
    );
  });
});

describe('what corosync does with its own clients', () => {
  it('who has left is told everything on, and can neither send nor join', async () => {
    await side.send('a', join('chat', 5));
    await told('a', 1);
    expect(await side.send('a', leave('chat', 5))).toBe(OK.leave);
    expect(await side.send('a', leave('chat', 5))).toBe('1 24 error 12 ');
    await side.send('a', mcast('not sent'));
    fake.cpg.join('chat', { nodeId: 2, pid: 7 });
    fake.cpg.mcast('chat', { nodeId: 2, pid: 7 }, 'hello');
    expect(await told('a', 3)).toEqual(['+ -1:5 leave of ', '+2:7 join - of 2:7', '2:7 hello']);
    expect(await side.send('a', join('chat', 5))).toBe('0 24 error 14 ');
    expect(await side.send('a', join('another', 5))).toBe('0 24 error 10 ');
    expect(await side.send('b', join('chat', 5))).toBe('0 24 error 14 ');
    await side.close('a');
    await waitUntil('it is gone', () => fake.clients.length === 1, { everyMs: 1 });
    expect(await side.send('b', join('chat', 5))).toBe(OK.join);
  });

  it('a leave with another name leaves a member behind for ever', async () => {
    await side.send('a', join('chat', 5));
    await told('a', 1);
    await side.send('a', leave('chat ', 5));
    await side.close('a');
    await waitUntil('it is gone', () => fake.clients.length === 0, { everyMs: 1 });
    expect(fake.cpg.members('chat')).toEqual([{ nodeId: 1, pid: 5 }]);
    expect(await side.send('b', join('chat', 5))).toBe('0 24 error 6 ');
  });

  it('a change of the group interrupts a message in fragments until the next one begins', async () => {
    await side.send('a', join('chat', 5));
    await told('a', 1);
    expect(await side.send('a', fragment(1, 'abcd'))).toBe(OK.fragment);
    fake.cpg.join('another', { nodeId: 2, pid: 6 });
    expect(await side.send('a', fragment(2, 'ef'))).toBe(OK.fragment);
    fake.cpg.join('chat', { nodeId: 2, pid: 7 });
    expect(await side.send('a', fragment(3, 'gh'))).toBe('18 24 error 16 ');
    expect(await side.send('a', fragment(77, 'gh'))).toBe('18 24 error 16 ');
    expect(await side.send('a', fragment(1, 'ab'))).toBe(OK.fragment);
  });

  it('who has finalized hears nothing, and leaves a member behind only until the connection ends', async () => {
    await side.send('a', FINALIZE);
    expect(await side.send('a', join('chat', 5))).toBe(OK.join);
    await waitUntil('it is a member', () => fake.cpg.members('chat').length === 1, { everyMs: 1 });
    expect(side.takeEvents()).toEqual({});
    await side.close('a');
    await waitUntil('it is none', () => fake.cpg.members('chat').length === 0, { everyMs: 1 });
  });

  it('a message refused by a fault is lost without an answer', async () => {
    await side.send('a', join('chat', 5));
    fake.faults.add({ when: { step: 'request', request: 'mcast' }, do: { error: 'CS_ERR_TRY_AGAIN' } });
    expect(await side.send('a', mcast('lost'))).toBe('never answered');
    await side.send('a', mcast('heard'));
    expect(await told('a', 2)).toEqual(['+1:5 join - of 1:5', '1:5 heard']);
  });
});

describe('while nothing is ordered', () => {
  it('what is sent is taken, and delivered in the ring that holds when the token is back', async () => {
    fake.cpg.join('chat', { nodeId: 3, pid: 9 });
    await side.send('a', join('chat', 5));
    await told('a', 1);
    fake.cpg.hold();
    await side.send('a', mcast('before'));
    fake.cpg.mcast('chat', { nodeId: 3, pid: 9 }, 'too late');
    fake.cluster.isolate(3);
    expect(await told('a', 2)).toEqual(['+ -3:9 node-down of 1:5', 'totem 1,2']);
    fake.cpg.release();
    expect(await told('a', 1)).toEqual(['1:5 before']);
  });

  it('a full queue holds off all who are connected; who connects then loses what does not fit', async () => {
    await side.send('a', join('chat', 5));
    await told('a', 1);
    fake.cpg.hold();
    const large = mcast('x'.repeat(900_000));
    for (let count = 0; count < 4; count++) await side.send('a', large);
    let isHeldOff = true;
    const held = side.send('a', LOCAL).finally(() => (isHeldOff = false));
    expect(await side.send('b', LOCAL)).toBe(OK.local);
    expect(await side.send('b', join('chat', 6))).toBe(OK.join);
    await side.send('b', large);
    expect(await side.send('b', fragment(1, 'a'.repeat(900_000)))).toBe('0 24 error 6 ');
    await side.send('b', mcast('small'));
    expect(isHeldOff).toBe(true);
    fake.cpg.release();
    expect(await held).toBe(OK.local);
    const all = await told('a', 6);
    expect(all.map((event) => event.slice(0, 12))).toEqual([
      ...Array<string>(4).fill('1:5 xxxxxxxx'),
      '+1:6 join - ',
      '1:6 small',
    ]);
  });
});

it('while a change of membership waits, who connects is refused what must be ordered, and loses what is never answered', async () => {
  await using voting = await FakeCorosync.start({
    cluster: { nodes: 3, device: { votes: 1, syncTimeoutMs: 100 } },
  });
  await using device = await RawConnection.connect(voting.connectOptions, 'votequorum');
  await device.send({ message: 'reqVotequorumQdeviceRegister', name: hex('device') });
  const poll: MessageFields = {
    message: 'reqVotequorumQdevicePoll',
    name: hex('device'),
    castVote: 1,
    ringId: { nodeId: 1, seq: String(voting.cluster.ringId.seq) },
  };
  await device.send(poll);
  voting.cluster.lose(3);
  await using late = new CpgSide(voting.connectOptions);
  expect(await late.send('a', join('chat', 5))).toBe('0 24 error 6 ');
  expect(await late.send('a', mcast('lost'))).toBe('never answered');
  expect(await late.send('a', LOCAL)).toBe(OK.local);
  await waitUntil(
    'the device is waited for no longer',
    async () => (await late.send('a', join('chat', 5))) === OK.join,
  );
});

describe('what would crash a real corosync', () => {
  it.each<readonly [string, (client: string) => Promise<unknown>]>([
    ['a request of zero copy', (client) => side.send(client, { message: 'reqHeaderOnly', id: 9 })],
    [
      'cpg_membership_get of 385 members',
      (client) => {
        for (let pid = 1; pid <= 385; pid++) fake.cpg.join('chat', { nodeId: 2, pid });
        return side.send(client, { message: 'reqCpgMembershipGet', group: hex('chat') });
      },
    ],
    [
      '129 processes of one group on nodes that go or come together',
      async (client) => {
        await side.send(client, LOCAL);
        for (let pid = 1; pid <= 129; pid++) fake.cpg.join('chat', { nodeId: 2, pid });
        fake.cluster.lose(2);
      },
    ],
  ])('ends the fake, which tells of it: %s', async (what, act) => {
    await act('a').catch(() => undefined);
    expect(fake.running).toBe(false);
    expect(fake.takeViolations().map(({ message }) => message)).toEqual([
      `${what} would crash corosync, or corrupt its memory`,
    ]);
  });
});
