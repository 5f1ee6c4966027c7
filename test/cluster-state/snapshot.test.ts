import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, type ClusterState } from '../../src/index.ts';
import { FakeCorosync, type FakeClusterOptions } from '../../src/testing/index.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let fake: FakeCorosync;
let descriptors: number;

beforeEach(() => {
  descriptors = openDescriptors().length;
});

/** Whatever has become of a snapshot, nothing of it is left, here or at corosync. */
afterEach(async () => {
  await waitUntil('all connections are gone', () => fake.clients.length === 0);
  expect(fake.violations).toEqual([]);
  await fake.stop();
  await waitUntil('all files are closed', () => openDescriptors().length <= descriptors);
});

async function start(cluster: FakeClusterOptions): Promise<void> {
  fake = await FakeCorosync.start({ cluster });
}

const states = ({ nodes }: ClusterState): string[] => nodes.map(({ id, state }) => `${id} ${state}`);

describe('Cluster.snapshot', () => {
  it('is the whole picture', async () => {
    await start({ nodes: 3, links: 2, members: [1, 2], name: 'shop' });
    fake.cluster.lose(2);
    fake.cluster.join(2);
    fake.cluster.setLink(2, 1, { connected: false });
    const state = await Cluster.snapshot(fake.connectOptions);
    expect(state).toMatchObject({
      freshness: { kind: 'fresh' },
      name: 'shop',
      localNodeId: 1,
      transport: 'knet',
      ring: fake.cluster.ringId,
      quorum: {
        quorate: true,
        provider: 'corosync_votequorum',
        votes: { expected: 3, highestExpected: 3, total: 2, needed: 2, failureTolerance: 0 },
      },
    });
    expect(states(state)).toEqual(['1 member', '2 member', '3 never seen']);
    expect(state.nodes[1]).toMatchObject({ name: 'node2', joins: 2, ifLost: 'inquorate', votes: 1 });
    expect(state.links?.map(({ nodeId, link, connected }) => [nodeId, link, connected])).toEqual([
      [2, 0, true],
      [2, 1, false],
      [3, 0, false],
      [3, 1, false],
    ]);
  });

  it('does not hold while the token is lost: who is a member is not known then', async () => {
    await start({ nodes: 3, tokenMs: 1000 });
    fake.cluster.setTokenSilence(1000);
    expect((await Cluster.snapshot(fake.connectOptions)).freshness.kind).toBe('fresh');
    fake.cluster.setTokenSilence(6500);
    const { freshness } = await Cluster.snapshot(fake.connectOptions);
    expect(freshness).toEqual({ kind: 'settling', since: expect.any(Date) as Date });
    if (freshness.kind === 'settling')
      expect(Date.now() - freshness.since.getTime()).toBeGreaterThanOrEqual(6500);
    fake.cluster.lose(2, 3);
    fake.cluster.setTokenSilence(6500);
    expect(await Cluster.snapshot(fake.connectOptions)).toMatchObject({
      freshness: { kind: 'fresh' },
      quorum: { quorate: false },
    });
  });

  it('does without votequorum where there is none', async () => {
    await start({ nodes: 2, provider: 'none' });
    const state = await Cluster.snapshot(fake.connectOptions);
    expect(state.quorum).toStrictEqual({ quorate: true });
    expect(states(state)).toEqual(['1 member', '2 member']);
  });

  it.each(['corosync_votequorum', 'none'] as const)(
    'reads a corosync before 3.1.0 with provider %s',
    async (provider) => {
      await start({ nodes: 2, provider, quorumModel: 'v0' });
      const state = await Cluster.snapshot(fake.connectOptions);
      expect(state.freshness.kind).toBe('fresh');
      expect(states(state)).toEqual(['1 member', '2 member']);
      expect('ring' in state).toBe(provider !== 'none');
    },
  );

  it('has no links where corosync does not know the request', async () => {
    await start({ nodes: 2 });
    fake.faults.add({
      when: { step: 'request', service: 'cfg', request: 'nodeStatusGet', times: 99 },
      do: { error: 'CS_ERR_INVALID_PARAM' },
    });
    expect('links' in (await Cluster.snapshot(fake.connectOptions))).toBe(false);
  });

  it('tells of a wait for all', async () => {
    await start({ nodes: 2, twoNode: true, members: [1] });
    const state = await Cluster.snapshot(fake.connectOptions);
    expect(state.quorum).toMatchObject({
      quorate: false,
      votes: { waitingForAll: true, failureTolerance: 0 },
    });
    expect(state.quorum.votes?.flags).toEqual(['two-node', 'wait-for-all']);
  });

  it('tells of a quorum device', async () => {
    await start({ nodes: 2, device: { votes: 1 } });
    fake.cluster.setDevice(1, { registered: true, alive: true, castsVote: true, name: 'Qdevice' });
    const { quorum, nodes } = await Cluster.snapshot(fake.connectOptions);
    const device = { alive: true, castsVote: true, masterWins: false };
    expect(quorum.votes).toMatchObject({
      qdevice: { name: 'Qdevice', votes: 1, ...device },
      total: 3,
      failureTolerance: 0,
    });
    expect(nodes[0]).toMatchObject({ qdevice: device, ifLost: 'uncertain' });
  });

  it('reads a cluster again that changes meanwhile', async () => {
    await start({ nodes: 3 });
    atEachNodeId(() => fake.cluster.lose(3), 1);
    const state = await Cluster.snapshot(fake.connectOptions);
    expect(state.freshness.kind).toBe('fresh');
    expect(states(state)).toEqual(['1 member', '2 member', '3 left']);
    expect(state.quorum.votes).toMatchObject({ total: 2, failureTolerance: 0 });
  });

  it('says that a cluster is settling which changes all the time', async () => {
    await start({ nodes: 3 });
    let there = true;
    atEachNodeId(() => {
      if (there) fake.cluster.lose(3);
      else fake.cluster.join(3);
      there = !there;
    }, 99);
    const began = Date.now();
    const { freshness } = await Cluster.snapshot(fake.connectOptions);
    expect(freshness.kind).toBe('settling');
    if (freshness.kind === 'settling') expect(freshness.since.getTime()).toBeGreaterThanOrEqual(began);
  });

  it('changes nothing, and asks little', async () => {
    await start({ nodes: 3, links: 2 });
    await Cluster.snapshot(fake.connectOptions);
    expect(fake.counters.connections).toBe(5);
    // Most of them list keys, in two batches.
    expect(fake.counters.requests).toBeLessThan(450);
  });

  it.each(['cmap', 'quorum', 'votequorum', 'cfg'] as const)(
    'fails where %s cannot be connected to',
    async (service) => {
      await start({ nodes: 3 });
      fake.faults.add({ when: { step: 'welcome', service }, do: { refuse: 'EACCES' } });
      await expect(Cluster.snapshot(fake.connectOptions)).rejects.toMatchObject({
        code: 'CS_ERR_ACCESS',
        name: 'ConnectionError',
      });
    },
  );

  it.each(['cmap', 'quorum', 'votequorum', 'cfg'] as const)(
    'fails when %s goes away while it is asked',
    async (service) => {
      await start({ nodes: 3 });
      fake.faults.add({ when: { step: 'request', service }, do: { close: 'before' } });
      await expect(Cluster.snapshot(fake.connectOptions)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    },
  );

  it('fails when corosync dies meanwhile', async () => {
    await start({ nodes: 3 });
    fake.faults.add({ when: { step: 'request', service: 'votequorum' }, do: { die: 'before' } });
    await expect(Cluster.snapshot(fake.connectOptions)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
  });

  it('has one deadline for all of it', async () => {
    await start({ nodes: 3 });
    fake.faults.add({ when: { step: 'request', service: 'votequorum' }, do: { delayMs: 2000 } });
    await expect(Cluster.snapshot({ ...fake.connectOptions, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      operation: 'Cluster.snapshot',
      message: expect.stringContaining('within 100 ms') as string,
    });
  });

  it('gives up on a corosync that answers nothing', async () => {
    await start({ nodes: 3 });
    fake.pause();
    const rejected = expect(
      Cluster.snapshot({ ...fake.connectOptions, timeoutMs: 50 }),
    ).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
    });
    await rejected;
    fake.resume();
  });

  it('ends with its signal, before and while it asks', async () => {
    await start({ nodes: 3 });
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    await expect(Cluster.snapshot({ ...fake.connectOptions, signal: aborted })).rejects.toBe(reason);
    const controller = new AbortController();
    fake.faults.add({ when: { step: 'request', service: 'cfg' }, do: { delayMs: 2000 } });
    const rejected = expect(
      Cluster.snapshot({ ...fake.connectOptions, signal: controller.signal }),
    ).rejects.toBe(reason);
    await sleep(30);
    controller.abort(reason);
    await rejected;
  });

  it.each([
    [{ timeoutMs: -1 }, 'options.timeoutMs is -1'],
    [{ access: 'all' }, 'options.access is unknown; a snapshot has socketDirectory'],
    [{ socketName: 'cmap' }, 'options.socketName is unknown'],
  ])('refuses %j', async (options, words) => {
    await start({ nodes: 1 });
    await expect(Cluster.snapshot(options as object)).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
      message: expect.stringContaining(words) as string,
    });
  });
});

/** Something happens just after corosync has told its own node's id: while a snapshot is read. */
function atEachNodeId(happens: () => void, times: number): void {
  const change = (answer: Buffer): Buffer => {
    setImmediate(happens);
    return answer;
  };
  fake.faults.add({ when: { step: 'response', service: 'cfg', request: 'localGet', times }, do: { change } });
}
