import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CfgClient,
  CmapClient,
  QuorumClient,
  QuorumSession,
  VotequorumClient,
  type QuorumFollowEvent,
  type QuorumTrackEvent,
  type VotequorumTrackEvent,
} from '../../src/index.ts';
import { FakeCorosync, type FakeClusterOptions } from '../../src/testing/index.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };

let fake: FakeCorosync;

beforeEach(async () => {
  fake = await FakeCorosync.start({ cluster: { nodes: 3, links: 2 } });
});

afterEach(async () => {
  await fake.stop();
});

/** What changes, in short: `- 3 quorate`. */
function short(event: QuorumTrackEvent): string {
  if (event.kind === 'nodelist') return `+${event.joined.join()} -${event.left.join()}`;
  return event.kind === 'quorum' ? `${event.members.join()} ${event.quorate}` : event.kind;
}

describe('nodes that go and come', () => {
  it('are told by quorum, the membership first', async () => {
    await using client = await QuorumClient.connect(fake.connectOptions);
    const told: string[] = [];
    await client.track({ listener: (event) => void told.push(short(event)) });
    fake.cluster.lose(3);
    fake.cluster.lose(2, 3);
    fake.cluster.join(2, 3);
    fake.cluster.rejoin(2);
    await waitUntil('all is told', () => told.length === 10, SOON);
    expect(told).toEqual([
      '+ -',
      '1,2,3 true',
      '+ -3',
      '1,2 true',
      '+ -2',
      '1 false',
      '+2,3 -',
      '1,2,3 true',
      '+2 -2',
      '1,2,3 true',
    ]);
    expect(fake.cluster).toMatchObject({ members: [1, 2, 3], quorate: true, ringId: { nodeId: 1 } });
  });

  it('are told by the other services and the map alike', async () => {
    await using cmap = await CmapClient.connect(fake.connectOptions);
    await using votes = await VotequorumClient.connect(fake.connectOptions);
    await using cfg = await CfgClient.connect(fake.connectOptions);
    const changed: string[] = [];
    await cmap.track('runtime.', {
      prefix: true,
      listener: (event) => {
        if (event.kind === 'notification') changed.push(`${event.key} ${String(event.newValue?.value)}`);
      },
    });
    fake.cluster.lose(3);
    expect(await votes.getInfo(3)).toMatchObject({ state: 'dead', votes: 1, totalVotes: 2, quorum: 2 });
    expect(await cfg.nodeStatus(3)).toMatchObject({ reachable: false });
    expect((await cfg.ringStatus()).map(({ status }) => status)).toEqual(['n31', 'n31']);
    fake.cluster.join(3);
    expect(await votes.getInfo(3)).toMatchObject({ state: 'member', totalVotes: 3 });
    expect((await cfg.ringStatus()).map(({ status }) => status)).toEqual(['n33', 'n33']);
    await waitUntil('the map has told it', () => changed.length === 5, SOON);
    expect(changed).toEqual([
      'runtime.members.3.status left',
      'runtime.votequorum.highest_node_id 2',
      'runtime.members.3.join_count 2',
      'runtime.members.3.status joined',
      'runtime.votequorum.highest_node_id 3',
    ]);
  });

  it('are noticed by a session across a restart of corosync', async () => {
    await using session = QuorumSession.open({ ...fake.connectOptions, backOff: { firstDelayMs: 10 } });
    const told: QuorumFollowEvent[] = [];
    await using follower = session.follow({ listener: (event) => void told.push(event) });
    await session.ready();
    fake.die();
    expect(() => fake.cluster).toThrow('this fake is dead; restart({ cluster }) says what it comes back to');
    await fake.restart({ cluster: { nodes: 3, members: [1] } });
    await waitUntil('it is back', () => told.length === 3, SOON);
    expect(told.map(({ kind }) => kind)).toEqual(['snapshot', 'lost', 'resynced']);
    expect(follower.current).toMatchObject({ quorate: false, members: [1] });
  });

  it('are noticed by a fake that was paused when it goes on', async () => {
    await using client = await QuorumClient.connect(fake.connectOptions);
    const told: string[] = [];
    await client.track({ listener: (event) => void told.push(short(event)) });
    await waitUntil('the snapshot is told', () => told.length === 2, SOON);
    fake.pause();
    fake.cluster.lose(2);
    expect(fake.cluster.members).toEqual([1, 2, 3]);
    fake.resume();
    await waitUntil('it is told', () => told.length === 4, SOON);
    expect(told[3]).toBe('1,3 true');
  });
});

describe('votes', () => {
  it('that somebody sets are told as corosync tells them, and refused as it refuses them', async () => {
    await using client = await VotequorumClient.connect(fake.connectOptions);
    const told: VotequorumTrackEvent[] = [];
    await client.track({ listener: (event) => void told.push(event) });
    fake.cluster.setVotes(2, 3);
    expect(await client.getInfo(2)).toMatchObject({ votes: 3, totalVotes: 5, quorum: 3 });
    fake.cluster.setExpectedVotes(5);
    expect(fake.cluster.expectedVotes).toBe(5);
    await waitUntil('both are told', () => told.length === 4, SOON);
    expect(told.slice(2)).toEqual([
      { kind: 'expected-votes', expectedVotes: 5 },
      { kind: 'expected-votes', expectedVotes: 5 },
    ]);
    expect(() => fake.cluster.setExpectedVotes(2)).toThrow('corosync refuses it: CS_ERR_INVALID_PARAM');
    expect(() => fake.cluster.setVotes(9, 1)).toThrow('corosync refuses it: CS_ERR_NAME_NOT_FOUND');
  });

  it('of nodes that were cut off are what they were; of those that start again, what the file says', () => {
    fake.cluster.setVotes(2, 3);
    fake.cluster.setVotes(3, 2);
    fake.cluster.isolate(2);
    fake.cluster.join(2);
    fake.cluster.lose(3);
    fake.cluster.join(3);
    expect(fake.cluster.nodes.map(({ votes }) => votes)).toEqual([1, 3, 1]);
  });

  it('that the map expects are read again', async () => {
    await using client = await VotequorumClient.connect(fake.connectOptions);
    const told: VotequorumTrackEvent[] = [];
    await client.track({ listener: (event) => void told.push(event) });
    fake.cmap.set('quorum.expected_votes', { type: 'uint32', value: 9 });
    await waitUntil('quorum is lost', () => told.length === 4, SOON);
    expect(told.slice(2)).toMatchObject([
      { kind: 'quorum', quorate: false },
      { kind: 'expected-votes', expectedVotes: 9 },
    ]);
  });
});

describe('a quorum device', () => {
  const cluster: FakeClusterOptions = { nodes: 2, device: { votes: 1, syncTimeoutMs: 60_000 } };

  it('of another node counts there', async () => {
    await fake.restart({ cluster });
    await using client = await VotequorumClient.connect(fake.connectOptions);
    fake.cluster.setDevice(2, { registered: true, alive: true, castsVote: true, name: 'Gerät' });
    expect(await client.getInfo(1)).toMatchObject({ totalVotes: 2, qdeviceName: 'Gerät', expectedVotes: 3 });
    expect(await client.getInfo(2)).toMatchObject({
      totalVotes: 3,
      flags: ['quorate', 'qdevice-registered', 'qdevice-alive', 'qdevice-cast-vote'],
    });
  });

  it('that is alive is waited for when the membership changes; only votequorum is served meanwhile', async () => {
    await fake.restart({ cluster });
    await using quorum = await QuorumClient.connect(fake.connectOptions);
    await using votes = await RawConnection.connect(fake.connectOptions, 'votequorum');
    const told: string[] = [];
    await quorum.track({ listener: (event) => void told.push(short(event)) });
    await waitUntil('the snapshot is told', () => told.length === 2, SOON);
    const name = Buffer.from('device').toString('hex');
    await votes.send({ message: 'reqVotequorumQdeviceRegister', name });
    const poll = async (): Promise<number> => {
      const { nodeId, seq } = fake.cluster.ringId;
      const ringId = { nodeId, seq: String(seq) };
      return (await votes.send({ message: 'reqVotequorumQdevicePoll', name, castVote: 1, ringId })).error;
    };
    expect(await poll()).toBe(1);
    fake.cluster.lose(2);
    const asked = quorum.getQuorate();
    await using newcomer = await QuorumClient.connect(fake.connectOptions);
    expect(await newcomer.getQuorate()).toBe(true);
    expect(told.slice(2)).toEqual(['+ -2']);
    expect(await poll()).toBe(1);
    expect(await asked).toBe(true);
    await waitUntil('quorum is told', () => told.length === 4, SOON);
    expect(told[3]).toBe('1 true');
  });

  it('whose registration is unanswered when its client goes would crash corosync', async () => {
    const raw = await RawConnection.connect(fake.connectOptions, 'votequorum');
    fake.faults.add({ when: { step: 'request', request: 'qdeviceRegister' }, do: { close: 'after' } });
    const name = Buffer.from('device').toString('hex');
    await expect(raw.send({ message: 'reqVotequorumQdeviceRegister', name })).rejects.toThrow();
    expect(fake.takeViolations().map(({ message }) => message)).toEqual([
      'ending a connection whose registration is unanswered would crash corosync, or corrupt its memory',
    ]);
    await raw[Symbol.asyncDispose]();
  });
});

describe('what ends corosync', () => {
  const kill = async (nodeId: number): Promise<number> => {
    await using raw = await RawConnection.connect(fake.connectOptions, 'cfg');
    return (await raw.send({ message: 'reqCfgKillnode', nodeId, reason: '' })).error;
  };

  it('an order to kill a node: another one is lost, the own one dies', async () => {
    expect(await kill(3)).toBe(1);
    expect(fake.cluster.members).toEqual([1, 2]);
    expect(await kill(3)).toBe(12);
    expect(await kill(1)).toBe(1);
    await waitUntil('it is dead', () => !fake.running, SOON);
    await fake.restart();
    expect(fake.cluster.members).toEqual([1, 2, 3]);
  });

  it('a shutdown that nobody refuses', async () => {
    await using raw = await RawConnection.connect(fake.connectOptions, 'cfg');
    await using other = await RawConnection.connect(fake.connectOptions, 'cfg');
    await other.send({ message: 'reqCfgTrackstart', flags: 2 });
    const asked = raw.send({ message: 'reqCfgTryshutdown', flags: 0 });
    await waitUntil('the other one is asked', () => other.events.length === 1, SOON);
    await other.send({ message: 'reqCfgReplytoshutdown', response: 0 });
    expect((await asked).error).toBe(10);
    const again = raw.send({ message: 'reqCfgTryshutdown', flags: 0 });
    await waitUntil('it is asked again', () => other.events.length === 2, SOON);
    void other.send({ message: 'reqCfgReplytoshutdown', response: 1 }).catch(() => undefined);
    expect((await again).error).toBe(1);
    await waitUntil('it has ended', () => !fake.running, SOON);
  });

  it('who does not reply in time refuses', async () => {
    fake.cmap.set('cfg.shutdown_timeout', { type: 'uint32', value: 5 });
    await using raw = await RawConnection.connect(fake.connectOptions, 'cfg');
    await using silent = await RawConnection.connect(fake.connectOptions, 'cfg');
    await silent.send({ message: 'reqCfgTrackstart', flags: 2 });
    expect((await raw.send({ message: 'reqCfgTryshutdown', flags: 0 })).error).toBe(10);
    expect(silent.events).toHaveLength(1);
    expect(fake.running).toBe(true);
  });
});

describe('reloads', () => {
  it('of a file that cannot be read leave votequorum deaf until the next good one', async () => {
    await using raw = await RawConnection.connect(fake.connectOptions, 'cfg');
    const reload = async (): Promise<number> => (await raw.send({ message: 'reqHeaderOnly', id: 7 })).error;
    const key = 'config.totemconfig_reload_in_progress';
    fake.cluster.setConfigFile('unreadable');
    expect(await reload()).toBe(7);
    expect(fake.cmap.get(key)).toEqual({ type: 'uint8', value: 1 });
    fake.cmap.set('quorum.expected_votes', { type: 'uint32', value: 4 });
    fake.cluster.setConfigFile('wrong');
    fake.cluster.reload();
    expect(fake.cmap.get('config.reload_status')).toEqual({ type: 'int32', value: 7 });
    expect(fake.cluster.expectedVotes).toBe(3);
    fake.cluster.setConfigFile('good');
    expect(await reload()).toBe(1);
    expect(fake.cmap.get('quorum.expected_votes')).toBeUndefined(); // it is not in the file
    fake.cmap.set('quorum.expected_votes', { type: 'uint32', value: 4 });
    await waitUntil('votequorum has read it', () => fake.cluster.expectedVotes === 4, SOON);
  });
});

describe('what no corosync could be configured with, or does not have', () => {
  it.each<[unknown, string]>([
    [{ nodes: 0 }, 'options.cluster.nodes is 0; it must be an integer from 1 to 384'],
    [{ nodes: [{ id: 2 }, {}] }, 'options.cluster.nodes has node 2 twice'],
    [
      { nodes: [{ addresses: ['host'] }] },
      'options.cluster.nodes[0].addresses[0] is "host"; it must be an IP',
    ],
    [{ nodes: [{ address: '::1' }] }, 'options.cluster.nodes[0].address is unknown; a node has id, name,'],
    [{ localNodeId: 2 }, 'options.cluster names node 2; its nodes are 1'],
    [{ nodes: 2, members: [3] }, 'options.cluster names node 3; its nodes are 1, 2'],
    [{ twoNode: true, device: {} }, 'options.cluster has both twoNode and device'],
    [{ quorumModel: 'v2' }, "options.cluster.quorumModel is \"v2\"; it must be one of 'v0', 'v1'"],
    [{ link: 2 }, 'options.cluster.link is unknown; cluster has nodes, links, localNodeId'],
    [1, 'options.cluster is 1; it must be an object with nodes'],
  ])('%o', async (cluster, message) => {
    await expect(FakeCorosync.start({ cluster: cluster as FakeClusterOptions })).rejects.toThrow(message);
  });

  it('a node that is not configured, a link that it has not, the own node', () => {
    expect(() => fake.cluster.lose(4)).toThrow('lose: there is no node 4 in the nodelist, which has 1, 2, 3');
    expect(() => fake.cluster.lose(1)).toThrow("lose: node 1 is the fake's own");
    expect(() => fake.cluster.setLink(2, 2, { connected: false })).toThrow('setLink: node 2 has no link 2');
    expect(() => fake.cluster.setLink(2, 1, { up: false } as object)).toThrow('change.up is unknown');
    fake.cluster.lose(3);
    expect(() => fake.cluster.setDevice(3, {})).toThrow('setDevice: node 3 is no member');
  });

  it('a cluster that was not asked for: the fake then has cmap only', async () => {
    await using alone = await FakeCorosync.start();
    expect(() => alone.cluster).toThrow('this fake has no cluster: start it with the option cluster');
    const connecting = ourOutcome(() =>
      QuorumClient.connect({ ...alone.connectOptions, tryAgainAttempts: 0 }),
    );
    expect(await connecting).toBe('CS_ERR_NOT_EXIST');
    expect(alone.cmap.entries().size).toBe(0);
  });

  it('models of quorum before corosync 3.1.0, and votequorum without a provider', async () => {
    await using old = await FakeCorosync.start({ cluster: { quorumModel: 'v0', provider: 'none' } });
    await using client = await QuorumClient.connect(old.connectOptions);
    expect(client).toMatchObject({ model: 'v0', type: 'free' });
    const connecting = ourOutcome(() =>
      VotequorumClient.connect({ ...old.connectOptions, tryAgainAttempts: 0 }),
    );
    expect(await connecting).toBe('CS_ERR_NOT_EXIST');
  });
});

it('links that change are told by cfg and by the statistics', async () => {
  await using cfg = await CfgClient.connect(fake.connectOptions);
  fake.cluster.setLink(2, 1, { connected: false, mtu: 1400 });
  const { links, reachable } = await cfg.nodeStatus(2);
  expect(reachable).toBe(true);
  expect(links[1]).toMatchObject({
    enabled: true,
    connected: false,
    mtu: 1400,
    destinationAddress: '10.1.0.2',
  });
  expect((await cfg.ringStatus()).map(({ name, status }) => `${name} ${status}`)).toEqual([
    '0 10.0.0.1 n33',
    '1 10.1.0.1 n13',
  ]);
  expect(fake.cmap.getStat('stats.knet.node2.link1.connected')).toEqual({ type: 'uint8', value: 0 });
  expect(await cfg.nodeAddresses(3)).toEqual(['10.0.0.3', '10.1.0.3']);
  expect(fake.clients.map(({ service }) => service)).toEqual(['cfg']);
});
