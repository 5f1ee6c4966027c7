import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, type ClusterOptions, type ClusterState } from '../../src/index.ts';
import { FakeCorosync, type FakeClusterOptions } from '../../src/testing/index.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 2 };
const QUICK = { backOff: { firstDelayMs: 10, maxDelayMs: 20, deniedDelayMs: 20 } } as const;
/** What a corosync runs with that notices soon. */
const entries = {
  'runtime.config.totem.token': { type: 'uint32', value: 400 },
  'runtime.config.totem.consensus': { type: 'uint32', value: 480 },
} as const;
/** Of that corosync. */
const SETTLE_MS = 880;

let fake: FakeCorosync;
let cluster: Cluster;
let descriptors: number;
/** `fresh`, `stale: denied` and so on, in their order. */
let told: string[];

beforeEach(() => {
  descriptors = openDescriptors().length;
});

afterEach(async () => {
  await cluster.close();
  if (fake.running) {
    await waitUntil('all connections are gone', () => fake.clients.length === 0);
    expect(fake.violations).toEqual([]);
  }
  await fake.stop();
  await waitUntil('all files are closed', () => openDescriptors().length <= descriptors);
});

async function start(options: FakeClusterOptions = { nodes: 3 }, open: ClusterOptions = {}): Promise<void> {
  fake = await FakeCorosync.start({ cluster: options, entries });
  openCluster(open);
}

function openCluster(open: ClusterOptions = {}): void {
  cluster = Cluster.open({ ...fake.connectOptions, ...QUICK, ...open });
  told = [];
  void hear(cluster, told);
}

async function hear(from: Cluster, into: string[]): Promise<void> {
  for await (const { freshness } of from.states()) {
    const words = freshness.kind === 'stale' ? `stale: ${freshness.why}` : freshness.kind;
    if (into.at(-1) !== words) into.push(words);
  }
}

const until = (what: string, holds: (state: ClusterState) => boolean): Promise<void> =>
  waitUntil(what, () => cluster.state !== undefined && holds(cluster.state), SOON);
const untilFresh = (what: string, holds: (state: ClusterState) => boolean): Promise<void> =>
  until(what, (state) => state.freshness.kind === 'fresh' && holds(state));
const states = (of: ClusterState | undefined): string[] =>
  of?.nodes.map(({ id, state }) => `${id} ${state}`) ?? [];

/** What only one of the two has, or what moves. */
const ASIDE = ['freshness', 'flaps', 'traffic', 'latency', 'totem', 'ipc'];

/** All but that, to compare. */
function content(state: ClusterState): string {
  return JSON.stringify(state, (key, value: unknown) => {
    if (ASIDE.includes(key)) return undefined;
    return typeof value === 'bigint' ? String(value) : value;
  });
}

describe('a cluster that is open', () => {
  it('knows nothing at first, and then what a snapshot knows', async () => {
    await start();
    expect(cluster.state).toBeUndefined();
    expect(cluster.freshness).toMatchObject({ kind: 'stale', why: 'starting' });
    const state = await cluster.ready();
    expect(cluster.state).toBe(state);
    expect(content(state)).toBe(content(await Cluster.snapshot(fake.connectOptions)));
    expect(Object.isFrozen(state)).toBe(true);
  });

  it('follows nodes, links, votes and the quorum device, by events and without', async () => {
    await start({ nodes: 3, links: 2 });
    const first = await cluster.ready();
    fake.cluster.lose(3);
    await untilFresh('node 3 has left', (state) => states(state)[2] === '3 left');
    expect(cluster.state?.quorum.votes).toMatchObject({ total: 2, failureTolerance: 0 });
    expect(first.nodes[2]?.state).toBe('member'); // what was given does not change

    fake.cluster.setLink(2, 1, { connected: false });
    await untilFresh('the link is down', ({ links }) => links?.[1]?.connected === false);
    fake.cluster.setVotes(2, 3);
    await untilFresh('the votes are there', ({ nodes }) => nodes[1]?.votes === 3);
    fake.cluster.setDevice(2, { registered: true, alive: true, name: 'Qdevice' });
    await untilFresh('its device is there', ({ nodes }) => nodes[1]?.qdevice?.alive === true);
    fake.cmap.set('nodelist.node.1.name', { type: 'string', value: 'other' });
    await untilFresh('it has another name', ({ nodes }) => nodes[1]?.name === 'other');
    fake.cluster.lose(2);
    await untilFresh('quorum is lost', ({ quorum }) => !quorum.quorate);
    fake.cluster.join(2, 3);
    await untilFresh('all are back', (state) => state.nodes.every((node) => node.state === 'member'));
    expect(told.filter((words) => words.startsWith('stale'))).toEqual([]);
  });

  it('tells nobody of what is only confirmed, but is as of then', async () => {
    await start();
    const { freshness } = await cluster.ready();
    let count = 0;
    const counting = (state: ClusterState): void => {
      if (state.nodes.length > 0) count += 1;
    };
    void (async () => {
      for await (const state of cluster.states()) counting(state);
    })();
    await sleep(700);
    expect(count).toBe(1);
    const later = cluster.state?.freshness;
    if (freshness.kind !== 'fresh' || later?.kind !== 'fresh') throw new Error('it is fresh');
    expect(later.asOf.getTime()).toBeGreaterThan(freshness.asOf.getTime());
  });

  it('reads it seldom where something changes all the time', async () => {
    await start();
    await cluster.ready();
    const began = performance.now();
    for (let times = 0; times < 10; times += 1) {
      const name = `name${times}`;
      fake.cmap.set('nodelist.node.1.name', { type: 'string', value: name });
      await until('the name is read', ({ nodes }) => nodes[1]?.name === name);
    }
    // Four at once, then two in a second.
    expect(performance.now() - began).toBeGreaterThan(2500);
  });

  it('needs no votequorum', async () => {
    await start({ nodes: 2, provider: 'none' });
    expect((await cluster.ready()).quorum).toEqual({ quorate: true });
    fake.cluster.lose(2);
    await untilFresh('it has left', (state) => states(state)[1] === '2 left');
  });
});

describe('a corosync that is silent', () => {
  it('makes the state stale; and when it is back, nothing is fresh before it has found out', async () => {
    await start({ nodes: 3 }, { staleAfterMs: 600 });
    const before = await cluster.ready();
    fake.pause();
    await until('it is stale', ({ freshness }) => freshness.kind === 'stale');
    expect(cluster.state).toMatchObject({ nodes: before.nodes, freshness: { why: 'not answering' } });
    fake.resume();
    const resumedAt = performance.now();
    await until('it answers', ({ freshness }) => freshness.kind !== 'stale');
    expect(cluster.freshness.kind).toBe('settling');
    await sleep(100);
    fake.cluster.lose(2, 3); // what it finds out
    await untilFresh('it has found out', () => true);
    expect(performance.now() - resumedAt).toBeGreaterThanOrEqual(SETTLE_MS);
    expect(states(cluster.state)).toEqual(['1 member', '2 left', '3 left']);
    expect(told).toEqual(['fresh', 'stale: not answering', 'settling', 'fresh']);
  });

  it('is suspected also where the silence was too short to be called so', async () => {
    await start({ nodes: 3 }, { staleAfterMs: 5000 });
    await cluster.ready();
    fake.pause();
    await sleep(700);
    fake.resume();
    await until('it settles', ({ freshness }) => freshness.kind === 'settling');
    await untilFresh('it has settled', () => true);
    expect(told).toEqual(['fresh', 'settling', 'fresh']);
  });

  it('has nothing to find out where it has no others', async () => {
    await start({ nodes: 1 }, { staleAfterMs: 600 });
    await cluster.ready();
    fake.pause();
    await until('it is stale', ({ freshness }) => freshness.kind === 'stale');
    fake.resume();
    await untilFresh('it answers', () => true);
    expect(told).toEqual(['fresh', 'stale: not answering', 'fresh']);
  });

  it('does not keep it from closing', async () => {
    await start();
    await cluster.ready();
    fake.pause();
    await sleep(250);
    await cluster.close();
    fake.resume();
  });
});

describe('a corosync that comes and goes', () => {
  it('is waited for, lost, and found again, and has to settle each time', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 }, entries });
    fake.die();
    openCluster();
    await waitUntil(
      'it is looked for',
      () => cluster.freshness.kind === 'stale' && cluster.freshness.why !== 'starting',
    );
    expect(cluster.freshness).toMatchObject({ why: 'disconnected', error: { code: 'CS_ERR_LIBRARY' } });
    expect(cluster.state).toBeUndefined();
    await fake.restart({ cluster: { nodes: 3 }, entries });
    await cluster.ready();
    expect(told).toEqual(['settling', 'fresh']);

    fake.die();
    await until('it is lost', ({ freshness }) => freshness.kind === 'stale');
    expect(states(cluster.state)).toEqual(['1 member', '2 member', '3 member']);
    await fake.restart({ cluster: { nodes: 3, members: [1] }, entries });
    await until('it is back', ({ freshness }) => freshness.kind === 'settling');
    fake.cluster.join(2);
    await cluster.ready();
    expect(states(cluster.state)).toEqual(['1 member', '2 member', '3 never seen']);
    expect(told).toEqual(['settling', 'fresh', 'stale: disconnected', 'settling', 'fresh']);
  });

  it('has to settle where it had stood still just before: it may have been given up', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 }, entries });
    fake.cluster.setTokenSilence(500);
    openCluster();
    await cluster.ready();
    expect(told).toEqual(['settling', 'fresh']);
  });

  it('need not settle where the token was away for no longer than it may, or its loss is known', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 }, entries });
    fake.cluster.setTokenSilence(400);
    openCluster();
    await cluster.ready();
    expect(told).toEqual(['fresh']);
    await cluster.close();

    fake.cluster.lose(2, 3);
    fake.cluster.setTokenSilence(500);
    openCluster();
    await cluster.ready();
    expect(told).toEqual(['fresh']);
  });

  it.each(['cmap', 'quorum', 'votequorum', 'cfg'] as const)(
    'is lost as a whole with its %s',
    async (service) => {
      await start();
      await cluster.ready();
      fake.faults.add({ when: { step: 'request', service }, do: { close: 'before' } });
      fake.cluster.lose(3); // all are asked
      await until('it is lost', () => told.includes('stale: disconnected'));
      await cluster.ready();
      expect(fake.clients).toHaveLength(5);
    },
  );

  it('may not allow this user', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 }, entries });
    fake.faults.add({ when: { step: 'welcome', times: 3 }, do: { refuse: 'EACCES' } });
    openCluster();
    await waitUntil(
      'it is denied',
      () => cluster.freshness.kind === 'stale' && cluster.freshness.why === 'denied',
      SOON,
    );
    await cluster.ready();
  });
});

describe('ready', () => {
  it('says why it is not, in time', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
    fake.die();
    openCluster();
    await expect(cluster.ready({ timeoutMs: 100 })).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      operation: 'Cluster.ready',
      message: expect.stringContaining('still stale (disconnected) after 100 ms: ') as string,
      cause: { code: 'CS_ERR_LIBRARY' },
    });
    const reason = new Error('enough');
    await expect(cluster.ready({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = expect(cluster.ready({ signal: controller.signal })).rejects.toBe(reason);
    controller.abort(reason);
    await waiting;
    const closing = expect(cluster.ready()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
    await cluster.close();
    await closing;
    await expect(cluster.ready()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });
});

describe('close', () => {
  it('ends all loops, and says so', async () => {
    await start();
    await cluster.ready();
    const kinds: string[] = [];
    const ended = (async () => {
      for await (const { freshness } of cluster.states()) kinds.push(freshness.kind);
    })();
    await Promise.all([cluster.close(), cluster.close()]);
    await ended;
    expect(kinds.at(-1)).toBe('stale');
    expect(cluster.state?.freshness).toMatchObject({ kind: 'stale', why: 'closed' });
    for await (const state of cluster.states()) expect(state).toBe(cluster.state); // the last one
  });

  it('at any moment leaves nothing behind', async () => {
    fake = await FakeCorosync.start({ cluster: { nodes: 3 }, entries });
    for (let turns = 0; turns < 60; turns += 1) {
      openCluster();
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await cluster.close();
    }
  });
});

describe('options', () => {
  it.each([
    [{ staleAfterMs: 100 }, 'options.staleAfterMs is 100'],
    [{ access: 'all' }, 'options.access is unknown; a cluster has socketDirectory'],
    [{ backOff: { firstDelayMs: 100, maxDelayMs: 50 } }, 'maxDelayMs is 50'],
  ])('like %j are refused', async (options, words) => {
    await start();
    expect(() => Cluster.open(options as object)).toThrow(words);
  });
});

describe('whatever happens', () => {
  it('ends in what a snapshot says', { timeout: 60_000 }, async () => {
    await start({ nodes: 4, links: 2 });
    await cluster.ready();
    const other = fc.integer({ min: 2, max: 4 });
    const happenings = fc.oneof(
      fc.tuple(fc.constantFrom('lose', 'join', 'rejoin', 'isolate'), other),
      fc.tuple(fc.constantFrom('link down', 'link up', 'device', 'no device', 'wait'), other),
    );
    const act = async ([what, id]: readonly [string, number]): Promise<void> => {
      const { cluster: view } = fake;
      if (what === 'lose') view.lose(id);
      else if (what === 'join') view.join(id);
      else if (what === 'rejoin') view.rejoin(id);
      else if (what === 'isolate') view.isolate(id);
      else if (what.startsWith('link')) view.setLink(id, 1, { connected: what === 'link up' });
      else if (what.endsWith('device') && view.members.includes(id))
        view.setDevice(id, { registered: what === 'device', name: 'q' });
      else await sleep(5);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(happenings, { maxLength: 8 }), async (story) => {
        for (const happening of story) await act(happening);
        const holds = content(await Cluster.snapshot(fake.connectOptions));
        await untilFresh('it is what holds', (state) => content(state) === holds);
      }),
      { numRuns: 25 },
    );
  });
});
