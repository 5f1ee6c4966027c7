import { afterEach, describe, expect, it } from 'vitest';
import {
  CmapClient,
  Cluster,
  QuorumClient,
  VotequorumClient,
  type ClusterState,
  type CmapTrackEvent,
} from '../../../src/index.ts';
import { FakeCluster, type FakeClusterStartOptions } from '../../../src/testing/index.ts';

const QUICK = { backOff: { firstDelayMs: 10, maxDelayMs: 20 } } as const;

let fake: FakeCluster;
let cluster: Cluster;

afterEach(async () => {
  await cluster.close();
  await fake.stop();
});

async function start(options: FakeClusterStartOptions = { links: 2 }): Promise<void> {
  fake = await FakeCluster.start(options);
  cluster = Cluster.open({ ...fake.connectOptions, ...QUICK });
  await cluster.ready();
}

function nodes(state: ClusterState | undefined = cluster.state): string {
  return state?.nodes.map(({ name, state: is }) => `${name} ${is}`).join(', ') ?? '';
}

function linksDown(): string[] {
  const down = cluster.state?.links?.filter(({ connected }) => !connected) ?? [];
  return down.map(({ nodeId, link }) => `${nodeId}/${link}`);
}

async function known(): Promise<string> {
  await fake.caughtUp();
  // On a machine that is very busy, a corosync that answers late may have been given up by the others.
  return nodes(await cluster.ready());
}

describe('nodes of a fake cluster', () => {
  it('leave, vanish and come, and every client knows it by then', async () => {
    await start({ nodes: ['a', 'b', 'c'] });
    fake.node('c').leave();
    expect(await known()).toBe('a member, b member, c left');
    expect(linksDown()).toEqual(['3/0']);
    fake.node(2).vanish();
    expect(await known()).toBe('a member, b left, c left');
    expect(cluster.state?.quorum.quorate).toBe(false);
    fake.node('b').join();
    fake.node('c').join();
    expect(await known()).toBe('a member, b member, c member');
    expect(linksDown()).toEqual([]);
    expect(cluster.state?.nodes.map(({ joins }) => joins)).toEqual([1, 2, 2]);
    fake.node('b').rejoin();
    await known();
    expect(cluster.state?.nodes.map(({ joins }) => joins)).toEqual([1, 3, 2]);
  });

  it('have votes that somebody sets', async () => {
    await start();
    fake.node(2).setVotes(3);
    await fake.caughtUp();
    expect(cluster.state?.quorum.votes).toMatchObject({ total: 5, expected: 5 });
    fake.setExpectedVotes(6);
    await fake.caughtUp();
    expect(cluster.state?.quorum.votes?.expected).toBe(6);
    fake.setDevice({ registered: true, alive: true, name: 'q' });
    await fake.caughtUp();
    expect(cluster.state?.nodes.map(({ qdevice }) => qdevice?.alive)).toEqual([true, true, true]);
    fake.node(2).setDevice({ registered: true });
    await fake.caughtUp();
    expect(cluster.state?.nodes.map(({ qdevice }) => qdevice?.alive)).toEqual([true, false, true]);
  });
});

describe('links of a fake cluster', () => {
  it('fail one by one; with its last link a node is cut off, and back with the first', async () => {
    await start();
    fake.link('node2', 1).down();
    expect(await known()).toBe('node1 member, node2 member, node3 member');
    expect(linksDown()).toEqual(['2/1']);
    fake.link('node2', 0).down();
    expect(await known()).toBe('node1 member, node2 left, node3 member');
    expect(fake.node(2)).toMatchObject({ running: true, member: false });
    expect(fake.link(2, 0).connected).toBe(false);
    fake.link('node2', 1).up();
    expect(await known()).toBe('node1 member, node2 member, node3 member');
    expect(linksDown()).toEqual(['2/0']);
    fake.heal();
    await known();
    expect(linksDown()).toEqual([]);
  });

  it('that flap show in their counters only', async () => {
    await start();
    await using stats = await CmapClient.connect({ ...fake.connectOptions, map: 'stats' });
    const key = 'stats.knet.node2.link1.';
    const told: string[] = [];
    const listener = (event: CmapTrackEvent): void => {
      if (event.kind === 'notification') told.push(`${event.key} ${String(event.newValue?.value)}`);
    };
    for (const name of ['connected', 'down_count']) await stats.track(key + name, { listener });
    fake.link(2, 1).flap(3);
    await fake.caughtUp();
    expect(told).toEqual([`${key}down_count 4`]);
    expect(await stats.getUint32(`${key}up_count`)).toBe(4);
    fake.link(2, 1).down();
    await fake.caughtUp();
    expect(told.slice(1).sort()).toEqual([`${key}connected 0`, `${key}down_count 5`]);
  });
});

describe('a partition of a fake cluster', () => {
  it('leaves each side to itself, until it heals', async () => {
    await start({ nodes: 5 });
    fake.partition([1, 2], ['node3', 4]);
    expect(await known()).toBe('node1 member, node2 member, node3 left, node4 left, node5 member');
    expect(linksDown()).toEqual(['3/0', '4/0']);
    fake.node(4).vanish(); // unseen from here
    fake.heal();
    expect(await known()).toBe('node1 member, node2 member, node3 member, node4 left, node5 member');
    fake.partition([2, 3], [5]);
    expect(await known()).toBe('node1 member, node2 left, node3 left, node4 left, node5 left');
    expect(cluster.state?.quorum.quorate).toBe(false);
  });

  it('is remembered by those who were quorate without us', async () => {
    await start();
    fake.partition([1], [2, 3]);
    await known();
    expect(cluster.state?.quorum.quorate).toBe(false);
    fake.heal();
    await known();
    expect(cluster.state?.quorum).toMatchObject({ quorate: true, votes: { total: 3, expected: 3 } });
  });
});

describe('the local corosync of a fake cluster', () => {
  it('dies, and finds what has become of the others when it starts again', async () => {
    await start();
    fake.link(2, 0).down();
    fake.die();
    await fake.caughtUp();
    expect(cluster.freshness).toMatchObject({ kind: 'stale', why: 'disconnected' });
    fake.link(2, 1).down();
    fake.link(2, 0).up();
    await fake.restart({ absent: ['node3'] });
    expect(await known()).toBe('node1 member, node2 member, node3 never seen');
    expect(linksDown()).toEqual(['2/1', '3/0', '3/1']);
    fake.node(3).join();
    expect(await known()).toBe('node1 member, node2 member, node3 member');
    await fake.restart();
    expect(await known()).toBe('node1 member, node2 member, node3 member');
    expect(linksDown()).toEqual(['2/1']);
  });

  it('notices what happened while it stood still when it goes on', async () => {
    await start();
    fake.pause();
    await expect(fake.caughtUp()).rejects.toThrow('a fake that is paused tells nothing: resume it first');
    fake.node(2).vanish();
    fake.resume();
    expect(await known()).toBe('node1 member, node2 left, node3 member');
  });

  it('may be any of the nodes', async () => {
    await start({ nodes: ['x', 'y'], local: 'y' });
    expect(cluster.state?.localNodeId).toBe(2);
    fake.node('x').leave();
    expect(await known()).toBe('x left, y member');
    expect(fake.node('y')).toMatchObject({ running: true, member: true });
    fake.die();
    expect(fake.node('y')).toMatchObject({ running: false, member: false });
  });

  it('loses the token, misses its schedule, and reloads, well or not', async () => {
    await start({ configVersion: 7 });
    await using quorum = await QuorumClient.connect(fake.connectOptions);
    const told: string[] = [];
    await quorum.track({ listener: ({ kind }) => void told.push(kind) });
    fake.loseToken();
    fake.setTokenSilence(150);
    fake.missSchedule(2500);
    fake.missSchedule(300);
    fake.reload();
    fake.reload({ ok: false });
    await fake.caughtUp();
    expect(told).toEqual(['nodelist', 'quorum', 'nodelist', 'quorum']);
    const { cmap } = fake.corosync;
    expect(cmap.getStat('stats.srp.operational_token_lost')).toEqual({ type: 'uint64', value: 1n });
    expect(cmap.getStat('stats.srp.time_since_token_last_received')?.value).toBe(150n);
    expect(cmap.getStat('stats.schedmiss.0.delay')).toEqual({ type: 'float', value: 300 });
    expect(cmap.getStat('stats.schedmiss.1.delay')).toEqual({ type: 'float', value: 2500 });
    expect(cmap.get('config.totemconfig_reload_in_progress')?.value).toBe(1);
    expect(cluster.state?.nodes[1]?.configVersion).toBe(7n);
  });
});

describe('whoever has caught up', () => {
  it('has been told what happened, in its order', async () => {
    await start();
    const told: string[] = [];
    const types = [
      'snapshot',
      'link.flapped',
      'member.left',
      'member.failed',
      'corosync.down',
      'stale',
      'settling',
      'fresh',
    ] as const;
    using listening = cluster.events({ types, listener: ({ type }) => void told.push(type) });
    fake.link(2, 0).flap();
    await fake.caughtUp();
    fake.node(3).leave();
    await fake.caughtUp();
    fake.node(2).vanish();
    await fake.caughtUp();
    fake.die();
    await fake.restart();
    await fake.caughtUp();
    await cluster.ready();
    expect(told).toEqual([
      'snapshot',
      'link.flapped',
      'member.left',
      'member.failed',
      'corosync.down',
      'stale',
      'settling',
      'fresh',
    ]);
    listening.close();
  });

  it('has taken all events, and has read again what is not so any more', async () => {
    await start();
    await using votequorum = await VotequorumClient.connect(fake.connectOptions);
    const told: string[] = [];
    const totals: number[] = [];
    await votequorum.track({
      listener: ({ kind }) => {
        told.push(kind);
        // A reader who takes his time.
        setTimeout(
          () =>
            void votequorum
              .getInfo()
              .then((info) => totals.push(info.totalVotes))
              .catch(() => undefined),
          50,
        );
      },
    });
    await fake.caughtUp();
    fake.node(3).leave();
    await fake.caughtUp();
    expect(told).toEqual(['nodelist', 'quorum', 'nodelist', 'quorum']);
    expect(totals.at(-1)).toBe(2);
  });

  it('need not ask again for what he asked once', async () => {
    await start();
    await using once = await QuorumClient.connect(fake.connectOptions);
    expect(await once.getQuorate()).toBe(true);
    fake.node(2).leave();
    fake.node(3).leave();
    const began = performance.now();
    await fake.caughtUp();
    expect(performance.now() - began).toBeGreaterThan(1500);
    expect(nodes()).toBe('node1 member, node2 left, node3 left');
  });
});

function both(one: () => void, other: () => void): void {
  one();
  other();
}

describe('what makes no sense', () => {
  it.each<[string, (of: FakeCluster) => unknown]>([
    ['node: there is no node 4; the cluster has 1 (node1), 2 (node2), 3 (node3)', (of) => of.node(4)],
    ['link: node 1 is the local one; see die and restart', (of) => of.link('node1', 0)],
    ['link: node 2 has no link 2; it has 2', (of) => of.link(2, 2)],
    ['leave: node 1 (node1) is the local one', (of) => of.node(1).leave()],
    ['join: node 2 (node2) runs already', (of) => of.node(2).join()],
    [
      'leave: node 3 (node3) does not run',
      (of) =>
        both(
          () => of.node(3).vanish(),
          () => of.node(3).leave(),
        ),
    ],
    [
      'join: node 3 (node3) runs already, and is cut off: see heal',
      (of) =>
        both(
          () => of.partition([3]),
          () => of.node(3).join(),
        ),
    ],
    [
      'rejoin: node 3 (node3) is cut off',
      (of) =>
        both(
          () => of.partition([3]),
          () => of.node(3).rejoin(),
        ),
    ],
    ['partition: node 2 is in two groups', (of) => of.partition([2], [2, 3])],
    [
      'flap: link 1 to node 2 is down',
      (of) =>
        both(
          () => of.link(2, 1).down(),
          () => of.link(2, 1).flap(),
        ),
    ],
    ['times is 0', (of) => of.link(2, 1).flap(0)],
    ['setExpectedVotes to 1: corosync refuses it', (of) => of.setExpectedVotes(1)],
    ['reload.ok is "no"', (of) => of.reload({ ok: 'no' as never })],
    ['ms is -1', (of) => of.setTokenSilence(-1)],
  ])('%s', async (message, act) => {
    await start();
    expect(() => act(fake)).toThrow(message);
  });

  it('no cluster could be made of it', async () => {
    await start();
    const starting = (options: object): Promise<unknown> => FakeCluster.start(options);
    await expect(starting({ nodes: ['a', 'b'], local: 'c' })).rejects.toThrow('there is no node c');
    await expect(starting({ node: 2 })).rejects.toThrow('options.node is unknown');
    await expect(starting({ ipcType: 'tcp' })).rejects.toThrow('options.ipcType is "tcp"');
    await expect(fake.restart({ absent: [9] })).rejects.toThrow('restart: there is no node 9');
    await expect(fake.restart({ absent: [1] })).rejects.toThrow('restart: node 1 is the local one');
  });
});

describe('the clients of a fake cluster', () => {
  it('are shown in its statistics, as long as they are there', async () => {
    await start();
    await using quorum = await QuorumClient.connect(fake.connectOptions);
    for (let times = 0; times < 3; times += 1) await quorum.getQuorate();
    const { ipc } = await Cluster.snapshot(fake.connectOptions);
    // Those of the snapshot itself, those of the cluster that is open, and this one.
    expect(ipc).toMatchObject({ active: 11n, closed: 0n, processes: [{ name: 'node', connections: 11 }] });
    expect(ipc?.processes[0]?.requests).toBeGreaterThan(3n);
    await quorum.close();
    await fake.caughtUp();
    expect((await Cluster.snapshot(fake.connectOptions)).ipc).toMatchObject({ active: 10n, closed: 6n });
  });
});
