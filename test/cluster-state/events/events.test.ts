import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, type ClusterEvent, type ClusterOptions } from '../../../src/index.ts';
import { FakeCorosync, type FakeClusterOptions } from '../../../src/testing/index.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SOON = { everyMs: 2 };
const QUICK = { backOff: { firstDelayMs: 10, maxDelayMs: 20, deniedDelayMs: 20 } } as const;
/** What a corosync runs with that notices soon; on a busy machine, a shorter time would pass for a standstill. */
const entries = {
  'runtime.config.totem.token': { type: 'uint32', value: 1400 },
  'runtime.config.totem.consensus': { type: 'uint32', value: 100 },
} as const;

let fake: FakeCorosync;
let cluster: Cluster;
let descriptors: number;
let told: ClusterEvent[];

beforeEach(() => {
  descriptors = openDescriptors().length;
});

afterEach(async () => {
  await cluster.close();
  await fake.stop();
  await waitUntil('all files are closed', () => openDescriptors().length <= descriptors);
});

async function start(options: FakeClusterOptions = { nodes: 3 }, open: ClusterOptions = {}): Promise<void> {
  fake = await FakeCorosync.start({ cluster: options, entries, statsPollMs: 50 });
  cluster = Cluster.open({ ...fake.connectOptions, ...QUICK, ...open });
  told = [];
  void (async () => {
    for await (const event of cluster.events()) told.push(event);
  })();
  await cluster.ready();
  await untilTold('snapshot');
}

/** An event, in short: `link.down 2/0 (member.left)`. */
function short(event: ClusterEvent): string {
  const node = 'nodeId' in event ? ` ${event.nodeId}` : '';
  const link = 'link' in event ? `/${event.link}` : '';
  return `${event.type}${node}${link}${event.explainedBy === undefined ? '' : ` (${event.explainedBy.type})`}`;
}

const untilTold = (...last: string[]): Promise<void> =>
  waitUntil(
    `${last.join(', ')} after ${told.map(short).join(', ')}`,
    () => last.every((one) => told.map(short).includes(one)),
    SOON,
  );

/** All but the snapshot. */
const tale = (): string[] => told.slice(1).map(short);

describe('the events of a cluster', () => {
  it('begin with a snapshot, and tell who comes and goes, with quorum', async () => {
    await start({ nodes: 3 });
    expect(told[0]).toMatchObject({
      type: 'snapshot',
      severity: 'info',
      inferred: false,
      message: 'The cluster is quorate, with 3 of 3 nodes.',
      state: { freshness: { kind: 'fresh' } },
    });
    fake.cluster.shutDown(3);
    await untilTold('quorum.tolerance');
    fake.cluster.shutDown(2);
    await untilTold('quorum.lost');
    fake.cluster.join(2, 3);
    await untilTold('quorum.regained');
    fake.cluster.rejoin(2);
    await untilTold('link.flapped 2/0 (member.restarted)');
    expect(tale()).toEqual([
      'member.left 3',
      'quorum.tolerance',
      'link.down 3/0 (member.left)',
      'member.left 2',
      'quorum.lost',
      'link.down 2/0 (member.left)',
      'member.joined 2',
      'member.joined 3',
      'quorum.regained',
      'link.up 2/0 (member.joined)',
      'link.up 3/0 (member.joined)',
      'token.lost (member.restarted)',
      'member.restarted 2',
      'link.flapped 2/0 (member.restarted)',
    ]);
    expect(told[1]).toMatchObject({ message: 'node3 has left.', inferred: false, severity: 'notice' });
    expect(told[2]).toMatchObject({
      severity: 'warning',
      message: 'Losing node1 or node2 now could cost quorum.',
    });
    expect(told[3]).toMatchObject({ severity: 'notice', last: true });
    const lost = told.find(({ type }) => type === 'quorum.lost');
    expect(lost).toMatchObject({
      message: 'Quorum is lost: 1 of 3 votes, 2 needed.',
      severity: 'critical',
      total: 1,
      needed: 2,
      state: { quorum: { quorate: false } },
    });
    for (const { notBefore, heardAt } of told)
      expect(notBefore.getTime()).toBeLessThanOrEqual(heardAt.getTime());
  });

  it('tell a node that vanished by the token that was lost', async () => {
    await start({ nodes: 3 });
    fake.cluster.lose(3);
    await untilTold('link.down 3/0 (member.failed)');
    expect(tale()).toEqual([
      'token.lost (member.failed)',
      'member.failed 3',
      'quorum.tolerance',
      'link.down 3/0 (member.failed)',
    ]);
    expect(told[2]).toMatchObject({ severity: 'critical', message: 'node3 has vanished.' });
  });

  it('tell of a link by itself, and of one that flapped faster than it was looked at', async () => {
    await start({ nodes: 3, links: 2 });
    fake.cluster.flapLink(2, 1, 3);
    await untilTold('link.flapped 2/1');
    expect(told[1]).toMatchObject({
      times: 3,
      inferred: true,
      state: { links: [{ flaps: 0 }, { flaps: 3 }, {}, {}] },
    });
    fake.cluster.setLink(3, 0, { connected: false });
    await untilTold('link.down 3/0');
    fake.cluster.setLink(3, 0, { connected: true, mtu: 469 });
    await untilTold('link.mtu 3/0');
    fake.cluster.setLink(3, 0, { mtu: 1446 });
    fake.cluster.setLink(3, 1, { mtu: 9000 });
    await waitUntil('it carries more', () => tale().length === 5, SOON);
    expect(tale()).toEqual([
      'link.flapped 2/1',
      'link.down 3/0',
      'link.up 3/0',
      'link.mtu 3/0',
      'link.mtu 3/0',
    ]);
    expect(told[2]).toMatchObject({ last: false, message: 'Link 0 to node3 is down; link 1 carries on.' });
    expect(told[4]).toMatchObject({ from: 1446, to: 469, severity: 'warning' });
    expect(told[5]).toMatchObject({ from: 469, to: 1446, severity: 'notice' });
    expect(cluster.state?.links?.[2]?.flaps).toBe(1);
  });

  it('hold the last link to a node back until it is known whether the node is gone', async () => {
    await start({ nodes: 3 });
    fake.cluster.setLink(3, 0, { connected: false });
    await waitUntil('it is seen', () => cluster.state?.links?.[1]?.connected === false, SOON);
    expect(tale()).toEqual([]);
    await untilTold('link.down 3/0');
    expect(told[1]).toMatchObject({ severity: 'critical', last: true });
  });

  it('tell of votes, and of the quorum device', async () => {
    await start({ nodes: 3, device: { votes: 1 } });
    fake.cluster.setDevice(1, { registered: true, alive: true, castsVote: true, name: 'Qdevice' });
    await untilTold('qdevice.back 1');
    fake.cluster.setDevice(1, { registered: true, alive: true, castsVote: false });
    await untilTold('qdevice.vote_lost 1');
    fake.cluster.setDevice(1, { registered: true, alive: true, castsVote: true });
    fake.cluster.setVotes(2, 3);
    await untilTold('quorum.expected_votes');
    fake.cluster.setDevice(1, { registered: false });
    await untilTold('qdevice.lost 1');
    expect(tale().filter((words) => words.startsWith('qdevice'))).toEqual([
      'qdevice.back 1',
      'qdevice.vote_lost 1',
      'qdevice.back 1',
      'qdevice.lost 1',
    ]);
  });

  it('wait for a quorum device, which is no standstill', async () => {
    await start({ nodes: 3, device: { votes: 1, syncTimeoutMs: 900 } });
    const alive = { registered: true, alive: true, castsVote: true, name: 'Qdevice' };
    fake.cluster.setDevice(1, alive);
    await untilTold('qdevice.back 1');
    const { length } = told;
    fake.cluster.lose(3); // corosync waits 900 ms for a poll
    await untilTold('member.failed 3');
    expect(told.slice(length).map(short)).toEqual(
      expect.arrayContaining(['member.failed 3', 'qdevice.lost 1']),
    );
    expect(told.filter(({ type }) => type === 'stale')).toEqual([]);
  });

  it('tell how each reload went', async () => {
    await start({ nodes: 3 });
    fake.cluster.reload();
    await untilTold('reload.ok');
    fake.cluster.setConfigFile('wrong');
    fake.cluster.reload();
    await untilTold('reload.failed');
    fake.cluster.setConfigFile('unreadable');
    fake.cluster.reload();
    await untilTold('reload.stuck (reload.failed)');
    expect(cluster.state?.config).toMatchObject({ stuck: true, lastReload: { ok: false } });
    fake.cluster.setConfigFile('good');
    fake.cluster.reload();
    await waitUntil('it is not stuck', () => cluster.state?.config.stuck === false, SOON);
    await waitUntil('it is told', () => told.length === 6, SOON);
    expect(tale()).toEqual([
      'reload.ok',
      'reload.failed',
      'reload.failed',
      'reload.stuck (reload.failed)',
      'reload.ok',
    ]);
  });

  it('tell of a token that was away, of corosync kept waiting, and of a firewall', async () => {
    await start({ nodes: 3 });
    const silence = (ms: number): void => fake.cluster.setTokenSilence(ms);
    silence(100);
    await waitUntil('it is known', () => cluster.state?.totem?.longestSilenceMs === 100, SOON);
    silence(800);
    await untilTold('token.silent');
    silence(20);
    await waitUntil('it is back', () => cluster.state?.totem?.silenceMs === 20, SOON);
    expect(cluster.state?.totem?.longestSilenceMs).toBe(800);
    fake.cmap.setStat('stats.schedmiss.0.timestamp', { type: 'uint64', value: 1_795_750_805_606n });
    fake.cmap.setStat('stats.schedmiss.0.delay', { type: 'float', value: 2600 });
    await untilTold('sched.miss');
    fake.cmap.setStat('stats.srp.firewall_enabled_or_nic_failure', { type: 'uint8', value: 1 });
    await untilTold('totem.cannot_form');
    expect(tale()).toEqual(['token.silent', 'sched.miss', 'totem.cannot_form']);
    expect(told[1]).toMatchObject({ silenceMs: 800, tokenMs: 1400 });
    expect(told[2]).toMatchObject({ at: new Date(1_795_750_805_606), delayMs: 2600 });
  });
});

describe('a gap', () => {
  it('is told, and afterwards what it has changed, and nothing else', async () => {
    await start({ nodes: 3, links: 2 });
    fake.cluster.shutDown(3);
    await untilTold('link.down 3/1 (member.left)');
    told.length = 1;
    fake.die();
    await untilTold('stale (corosync.down)');
    await fake.restart({ cluster: { nodes: 3, links: 2, members: [1, 2] }, entries });
    await untilTold('fresh');
    expect(tale()).toEqual([
      'corosync.down',
      'stale (corosync.down)',
      'corosync.up',
      'settling (corosync.up)',
      'fresh',
    ]);
    fake.die();
    await fake.restart({ cluster: { nodes: 3, links: 2, members: [1, 3] }, entries });
    await waitUntil(
      'it is fresh again',
      () => tale().filter((words) => words === 'fresh').length === 2,
      SOON,
    );
    expect(tale().slice(9)).toEqual([
      'member.left 2',
      'member.joined 3',
      'link.down 2/0 (member.left)',
      'link.down 2/1 (member.left)',
      'link.up 3/0 (member.joined)',
      'link.up 3/1 (member.joined)',
      'fresh',
    ]);
    for (const event of told.slice(10, -1)) expect(event.inferred).toBe(true);
  });

  it('explains what corosync told while it had not found out, and what does not last', async () => {
    await start({ nodes: 3 }, { staleAfterMs: 1000 });
    fake.pause();
    await untilTold('stale');
    fake.resume();
    await untilTold('settling');
    fake.cluster.lose(2, 3);
    fake.cluster.join(2);
    await untilTold('fresh');
    expect(tale().slice(0, 2)).toEqual(['stale', 'settling']);
    expect(tale().slice(2, -1).sort()).toEqual([
      'link.down 3/0 (member.left)',
      'link.flapped 2/0 (member.left)',
      'member.joined 2 (stale)',
      'member.left 2 (stale)',
      'member.left 3',
      'quorum.lost (stale)',
      'quorum.regained (stale)',
      'quorum.tolerance',
      'token.lost (stale)',
    ]);
  });

  it('may be there from the beginning', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 }, entries });
    fake.die();
    told = [];
    cluster = Cluster.open({ ...fake.connectOptions, ...QUICK });
    cluster.events({ listener: (event) => told.push(event) });
    await untilTold('stale (corosync.down)');
    expect(told[0]).toMatchObject({
      type: 'corosync.down',
      state: undefined,
      error: { code: 'CS_ERR_LIBRARY' },
    });
    await fake.restart({ cluster: { nodes: 3 }, entries });
    await untilTold('fresh');
    expect(told.map(short)).toEqual([
      'corosync.down',
      'stale (corosync.down)',
      'corosync.up',
      'settling (corosync.up)',
      'snapshot',
      'fresh',
    ]);
  });
});

describe('readers', () => {
  it('get what they want: by type, node, link, severity, and whether it is explained', async () => {
    await start({ nodes: 3, links: 2 });
    const heard = new Map<string, string[]>();
    const listen = (name: string, filter: Parameters<Cluster['events']>[0]) => {
      heard.set(name, []);
      return cluster.events({ ...filter, listener: (event) => heard.get(name)?.push(short(event)) });
    };
    listen('types', { types: ['snapshot', 'member.left'] });
    listen('node', { nodes: ['node3'], links: [1] });
    listen('severe', { minSeverity: 'warning' });
    listen('unexplained', { unexplainedOnly: true });
    const closed = listen('closed', {});
    closed.close();
    closed.close();
    fake.cluster.shutDown(3);
    await untilTold('link.down 3/1 (member.left)');
    expect(Object.fromEntries(heard)).toEqual({
      types: ['snapshot', 'member.left 3'],
      node: ['link.down 3/1 (member.left)'],
      severe: ['quorum.tolerance'],
      unexplained: ['snapshot', 'member.left 3', 'quorum.tolerance'],
      closed: ['snapshot'],
    });
  });

  it('are told how much they have missed, and begin anew', async () => {
    await start({ nodes: 3 });
    const types: string[] = [];
    let goOn!: () => void;
    const happened = new Promise<void>((resolve) => (goOn = resolve));
    const slow = (async () => {
      for await (const { type } of cluster.events({
        maxQueued: 2,
        types: ['member.left', 'member.joined'],
      })) {
        types.push(type);
        await happened;
        if (type === 'snapshot') break;
      }
    })();
    for (const change of ['leave', 'join', 'leave', 'join'] as const) {
      const before = told.length;
      if (change === 'join') fake.cluster.join(2);
      else fake.cluster.shutDown(2);
      await waitUntil(change, () => told.slice(before).some(({ type }) => type.startsWith('member.')), SOON);
    }
    goOn();
    await slow;
    expect(types).toEqual(['member.left', 'member.joined', 'member.left', 'overflow', 'snapshot']);
  });

  it('begin with what the events before them have led to, and end with close', async () => {
    await start({ nodes: 3 });
    fake.cluster.shutDown(3);
    await untilTold('member.left 3');
    const types: string[] = [];
    const ended = (async () => {
      for await (const { type, state } of cluster.events())
        types.push(`${type} ${state?.nodes[2]?.state ?? ''}`);
    })();
    await waitUntil('it has begun', () => types.length > 0, SOON);
    await cluster.close();
    await ended;
    expect(types).toEqual(['snapshot left']);
    for await (const event of cluster.events()) expect.unreachable(event.message);
  });

  it('may have severities of their own', async () => {
    await start({ nodes: 3 }, { severity: ({ type }) => (type === 'member.left' ? 'error' : undefined) });
    fake.cluster.shutDown(3);
    await untilTold('quorum.tolerance');
    expect(told.map(({ severity }) => severity).slice(0, 3)).toEqual(['info', 'error', 'warning']);
  });

  it.each([
    [{ types: ['member.gone'] }, 'options.types[0] is "member.gone"'],
    [{ nodes: [] }, 'options.nodes is []'],
    [{ nodes: [-1] }, 'options.nodes[0] is -1'],
    [{ links: [8] }, 'options.links[0] is 8'],
    [{ minSeverity: 'bad' }, 'options.minSeverity is "bad"'],
    [{ maxQueued: 0 }, 'options.maxQueued is 0'],
    [{ severity: 'error' }, 'options.severity is unknown'],
  ])('like %j are refused', async (filter, words) => {
    await start();
    expect(() => cluster.events(filter as object)).toThrow(words);
  });
});
