import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import type { MessageFields } from '../helpers/wire/message-builder.ts';
import { CLUSTER_SERVICES, ServiceSide, type ClusterService } from '../helpers/wire/service-comparison.ts';

const NODES = [1, 2, 3];
/** Nothing more is told after it. */
const QUIET_MS = 300;
/** A node is missed after seven seconds: within them it has to start again, on a machine on which others start, too. */
const TOKEN = 'token: 2500';

/** Keys that tell of the cluster, and of nothing else. */
const KEYS = /^(?:runtime\.(?:members|votequorum)|nodelist|quorum|config)\./;

/** One of the two corosyncs, with all that it tells. */
class Told implements AsyncDisposable {
  readonly side: ServiceSide;
  readonly #map: CmapClient;
  readonly #changed: string[] = [];

  private constructor(side: ServiceSide, map: CmapClient) {
    this.side = side;
    this.#map = map;
  }

  static async by(options: object): Promise<Told> {
    const side = new ServiceSide(options);
    const map = await CmapClient.connect(options);
    const told = new Told(side, map);
    const listener = { prefix: true, listener: (event: unknown) => told.#hear(event) };
    for (const prefix of ['runtime.', 'config.']) await map.track(prefix, listener);
    await side.send('quorum', 'v1', { message: 'reqQuorumModelGettype', model: 1 });
    for (const client of ['v0', 'v1'])
      await side.send('quorum', client, { message: 'reqQuorumTrackstart', flags: 2 });
    await side.send('votequorum', 'a', { message: 'reqVotequorumTrackstart', context: '7', flags: 2 });
    return told;
  }

  /** What has come since it was last taken. */
  take(): object {
    return { ...this.side.takeEvents(), map: this.#changed.splice(0) };
  }

  /** What holds, by every call that asks for it. */
  async asked(): Promise<object> {
    const answers: string[] = [];
    const ask = async (service: ClusterService, fields: MessageFields): Promise<void> =>
      void answers.push(await this.side.send(service, service === 'quorum' ? 'v1' : 'a', fields));
    await ask('quorum', { message: 'reqHeaderOnly', id: 0 });
    for (const nodeId of [0, ...NODES, 4])
      await ask('votequorum', { message: 'reqVotequorumGetinfo', nodeId });
    await ask('cfg', { message: 'reqHeaderOnly', id: 0 });
    for (const nodeId of NODES) {
      await ask('cfg', { message: 'reqCfgNodestatusget', nodeId, version: 1 });
      await ask('cfg', { message: 'reqCfgGetNodeAddrs', nodeId });
    }
    const keys: string[] = [];
    for await (const { key, value } of this.#map.entries())
      if (KEYS.test(key)) keys.push(`${key} ${String(value.value)}`);
    return { answers, keys };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#map.close();
    await this.side[Symbol.asyncDispose]();
  }

  #hear(event: unknown): void {
    const { kind, key, newValue } = event as { kind: string; key: string; newValue?: { value: unknown } };
    if (kind === 'notification' && KEYS.test(key)) this.#changed.push(`${key} ${String(newValue?.value)}`);
  }
}

interface Happening {
  readonly what: string;
  /** corosync answers nobody who asks now. */
  readonly held?: boolean;
  real(cluster: NamespaceCluster, side: ServiceSide): unknown;
  ours(fake: FakeCorosync, side: ServiceSide): unknown;
}

/** The same request to both. */
function request(what: string, service: ClusterService, fields: MessageFields): Happening {
  const send = async (side: ServiceSide): Promise<void> =>
    expect(await side.send(service, 'a', fields)).toMatch(/error 1$/);
  return { what, real: (_cluster, side) => send(side), ours: (_fake, side) => send(side) };
}

const setVotes = (nodeId: number, votes: number): Happening =>
  request(`node ${nodeId} has ${votes} votes`, 'votequorum', {
    message: 'reqVotequorumSetvotes',
    nodeId,
    votes,
  });
const expectVotes = (votes: number): Happening =>
  request(`${votes} votes are expected`, 'votequorum', { message: 'reqVotequorumSetexpected', votes });

const DEVICE = Buffer.from('device').toString('hex');
const poll = (what: string): Happening =>
  request(what, 'votequorum', {
    message: 'reqVotequorumQdevicePoll',
    name: DEVICE,
    castVote: 1,
    ringId: { nodeId: 1, seq: '0' },
  });

const STORY: readonly Happening[] = [
  {
    what: 'node 3 leaves',
    real: (cluster) => cluster.node(3).stop(),
    ours: ({ cluster }) => cluster.lose(3),
  },
  {
    what: 'node 3 starts',
    real: (cluster) => cluster.node(3).start(),
    ours: ({ cluster }) => cluster.join(3),
  },
  setVotes(3, 2),
  setVotes(1, 2),
  {
    what: 'node 3 is killed',
    real: (cluster) => cluster.node(3).killed(),
    ours: ({ cluster }) => cluster.lose(3),
  },
  {
    what: 'node 3 starts again',
    real: (cluster) => cluster.node(3).start(),
    ours: ({ cluster }) => cluster.join(3),
  },
  expectVotes(6),
  {
    what: 'another node sets the expected votes',
    real: (cluster) => cluster.node(2).run('corosync-quorumtool', '-e', '5'),
    ours: ({ cluster }) => cluster.setExpectedVotes(5),
  },
  setVotes(1, 1),
  expectVotes(3),
  {
    what: 'node 3 is cut off',
    real: (cluster) => cluster.node(3).unplug(),
    ours: ({ cluster }) => cluster.isolate(3),
  },
  {
    what: 'node 2 is cut off',
    real: (cluster) => cluster.node(2).unplug(),
    ours: ({ cluster }) => cluster.isolate(2),
  },
  {
    what: 'node 2 is back',
    real: (cluster) => cluster.node(2).plugIn(),
    ours: ({ cluster }) => cluster.join(2),
  },
  {
    what: 'node 3 is back',
    real: (cluster) => cluster.node(3).plugIn(),
    ours: ({ cluster }) => cluster.join(3),
  },
  {
    what: 'node 3 restarts before it is missed',
    real: async (cluster) => {
      await cluster.node(3).killed();
      cluster.node(3).start();
    },
    ours: ({ cluster }) => cluster.rejoin(3),
  },
  request('the configuration is read again', 'cfg', { message: 'reqHeaderOnly', id: 7 }),
  {
    what: 'another node has it read again',
    real: (cluster) => cluster.node(2).run('corosync-cfgtool', '-R'),
    ours: ({ cluster }) => cluster.reload(),
  },
  request('a quorum device registers', 'votequorum', {
    message: 'reqVotequorumQdeviceRegister',
    name: DEVICE,
  }),
  poll('it is alive'),
  {
    what: 'node 3 leaves, and the device is waited for',
    held: true,
    real: (cluster) => cluster.node(3).stop(),
    ours: ({ cluster }) => cluster.lose(3),
  },
  poll('it has noticed'),
  request('it is gone', 'votequorum', { message: 'reqVotequorumQdeviceUnregister', name: DEVICE }),
  request('node 2 is killed by order', 'cfg', { message: 'reqCfgKillnode', nodeId: 2, reason: 'a test' }),
];

describeIntegration('the fake beside three real nodes', () => {
  it(
    'tells the same story, in the same order, and answers alike after each happening',
    { timeout: 300_000 },
    async () => {
      await using cluster = await NamespaceCluster.start(3, { config: { totem: TOKEN } });
      const nodes = NODES.map((id) => ({ addresses: [`10.99.0.${id}`] }));
      await using fake = await FakeCorosync.start({ cluster: { nodes } });
      await using real = await Told.by({});
      await using ours = await Told.by(fake.connectOptions);
      await sleep(QUIET_MS);
      expect(ours.take()).toEqual(real.take());
      for (const { what, ...happens } of STORY) {
        await Promise.all([happens.real(cluster, real.side), happens.ours(fake, ours.side)]);
        await sleep(QUIET_MS);
        const told = ours.take();
        const heard: object[] = [];
        await waitUntil(
          `${what}: all is told`,
          () => {
            heard.push(real.take());
            return count(heard) >= count([told]);
          },
          { timeoutMs: 40_000, everyMs: 100 },
        );
        await sleep(QUIET_MS);
        expect({ what, told: merged([...heard, real.take()]) }).toEqual({ what, told });
        if (happens.held === true) continue;
        await waitUntil(`${what}: knet knows it`, async () => same(await real.asked(), await ours.asked()), {
          timeoutMs: 15_000,
          everyMs: 200,
        }).catch(() => undefined);
        expect({ what, ...(await ours.asked()) }).toEqual({ what, ...(await real.asked()) });
      }
      expect(CLUSTER_SERVICES).toHaveLength(3);
    },
  );
});

type Events = Readonly<Record<string, readonly string[]>>;

function count(takes: readonly object[]): number {
  return takes
    .flatMap((take) => Object.values(take as Events))
    .reduce((sum, events) => sum + events.length, 0);
}

function merged(takes: readonly object[]): Events {
  const all: Record<string, string[]> = {};
  for (const take of takes) {
    for (const [name, events] of Object.entries(take as Events))
      all[name] = [...(all[name] ?? []), ...events];
  }
  return all;
}

function same(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
