import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { CpgPeer } from '../helpers/corosync/cpg-peer.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { CpgSide } from '../helpers/wire/cpg-side.ts';
import type { MessageFields } from '../helpers/wire/message-builder.ts';

const NODES = [1, 2, 3];
/** Nothing more is told after it. */
const QUIET_MS = 300;
/** A node is missed after seven seconds: within them it has to start again, on a machine on which others start, too. */
const TOKEN = 'token: 2500';
const GROUP = 'chat';
const hex = (text: string): string => Buffer.from(text).toString('hex');
const join = (pid: number, flags: number): MessageFields => ({
  message: 'reqCpgJoin',
  group: hex(GROUP),
  pid,
  flags,
});

/** The processes of the other nodes: libcpg's programs, and the fake's of the same pids. */
class Others implements AsyncDisposable {
  readonly #cluster: NamespaceCluster;
  readonly #fake: FakeCorosync;
  readonly #peers = new Map<string, CpgPeer>();

  constructor(cluster: NamespaceCluster, fake: FakeCorosync) {
    this.#cluster = cluster;
    this.#fake = fake;
  }

  async join(name: string, nodeId: number, group = GROUP): Promise<void> {
    const peer = new CpgPeer({ under: this.#cluster.node(nodeId).inside });
    this.#peers.set(name, peer);
    expect((await peer.connect()).code).toBe(1);
    expect(await peer.join(group)).toBe(1);
    await peer.notified(1);
    this.#fake.cpg.join(group, { nodeId, pid: peer.pid });
  }

  async leave(name: string, nodeId: number): Promise<void> {
    const peer = this.#peer(name);
    expect(await peer.leave(GROUP)).toBe(1);
    this.#fake.cpg.leave(GROUP, { nodeId, pid: peer.pid });
  }

  kill(name: string, nodeId: number): void {
    const peer = this.#peer(name);
    peer.kill('SIGKILL');
    this.#fake.cpg.leave(GROUP, { nodeId, pid: peer.pid }, 'process-down');
  }

  async mcast(name: string, nodeId: number, text: string): Promise<void> {
    const peer = this.#peer(name);
    expect(await peer.mcast(text)).toBe(1);
    // It has its place among all others' when it has come back.
    await waitUntil('it has come back', () =>
      peer.events.some((event) => event.type === 'deliver' && event.message.toString() === text),
    );
    this.#fake.cpg.mcast(GROUP, { nodeId, pid: peer.pid }, text);
  }

  /** As libcpg cuts it. */
  async mcastLarge(name: string, nodeId: number, length: number): Promise<void> {
    const peer = this.#peer(name);
    expect(await peer.mcastFill(length, 0x61)).toBe(1);
    this.#fake.cpg.mcastFragments(GROUP, { nodeId, pid: peer.pid }, Buffer.alloc(length, 0x61), 1_047_552);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers.values()) await peer.stop();
  }

  #peer(name: string): CpgPeer {
    const peer = this.#peers.get(name);
    if (peer === undefined) throw new Error(`there is no process ${name}`);
    return peer;
  }
}

interface Scene {
  readonly cluster: NamespaceCluster;
  readonly fake: FakeCorosync;
  readonly others: Others;
  /** The same request to both. */
  readonly send: (client: string, fields: MessageFields) => Promise<void>;
}

type Happening = readonly [what: string, happens: (scene: Scene) => Promise<void> | void];

const STORY: readonly Happening[] = [
  ['a process of this node joins, and wants to know the nodes', ({ send }) => send('a', join(5, 1))],
  ['a process of node 2 joins', ({ others }) => others.join('two', 2)],
  [
    'processes of node 3 join, one of them another group',
    async ({ others }) => {
      await others.join('three', 3);
      await others.join('elsewhere', 3, 'another group');
    },
  ],
  ['another process of this node joins', ({ send }) => send('b', join(4, 0))],
  ['who is there', ({ send }) => send('a', { message: 'reqCpgMembershipGet', group: hex(GROUP) })],
  [
    'messages come',
    async ({ others, send }) => {
      await others.mcast('two', 2, 'from two');
      await others.mcast('three', 3, 'from three');
      await send('a', { message: 'reqCpgMcast', guarantee: 2, bytes: hex('from here') });
    },
  ],
  ['a long message comes in fragments', ({ others }) => others.mcastLarge('two', 2, 2_500_000)],
  ['a process leaves', ({ others }) => others.leave('two', 2)],
  ['a process of node 3 is killed', ({ others }) => others.kill('three', 3)],
  [
    'others come',
    async ({ others }) => {
      await others.join('second', 2);
      await others.join('third', 3);
      await others.join('fourth', 3);
    },
  ],
  [
    'nodes 2 and 3 are cut off together',
    async ({ cluster, fake }) => {
      await Promise.all([cluster.node(3).unplug(), cluster.node(2).unplug()]);
      fake.cluster.isolate(2, 3);
    },
  ],
  [
    'what is sent meanwhile is heard here',
    ({ send }) => send('a', { message: 'reqCpgMcast', guarantee: 2, bytes: hex('alone') }),
  ],
  [
    'node 2 is back',
    async ({ cluster, fake }) => {
      await cluster.node(2).plugIn();
      fake.cluster.join(2);
    },
  ],
  [
    'node 3 is back',
    async ({ cluster, fake }) => {
      await cluster.node(3).plugIn();
      fake.cluster.join(3);
    },
  ],
  [
    'a message in fragments is interrupted by who joins',
    async ({ others, send }) => {
      const fragment = (part: number, bytes: string): MessageFields => ({
        message: 'reqCpgPartialMcast',
        guarantee: 2,
        messageLength: 8,
        part,
        bytes: hex(bytes),
      });
      await send('a', fragment(1, 'abcd'));
      await others.join('fifth', 2);
      await sleep(QUIET_MS);
      await send('a', fragment(3, 'efgh'));
    },
  ],
  [
    'corosync on node 3 ends in good order',
    async ({ cluster, fake }) => {
      await cluster.node(3).stop();
      fake.cluster.shutDown(3);
    },
  ],
  [
    'corosync on node 3 starts',
    ({ cluster, fake }) => {
      cluster.node(3).start();
      fake.cluster.join(3);
    },
  ],
  [
    'corosync on node 2 is killed and starts before it is missed',
    async ({ cluster, fake }) => {
      await cluster.node(2).killed();
      cluster.node(2).start();
      fake.cluster.rejoin(2);
    },
  ],
  [
    'a process of this node leaves',
    ({ send }) => send('a', { message: 'reqCpgLeave', group: hex(GROUP), pid: 5 }),
  ],
  ['what there is', ({ send }) => send('a', { message: 'reqCpgMembershipGet', group: hex(GROUP) })],
];

describeIntegration('cpg of the fake beside that of three real nodes', () => {
  it('tells the same story of groups, in the same order', { timeout: 300_000 }, async () => {
    await using cluster = await NamespaceCluster.start(3, { config: { totem: TOKEN } });
    const nodes = NODES.map((id) => ({ addresses: [`10.99.0.${id}`] }));
    await using fake = await FakeCorosync.start({ cluster: { nodes } });
    await using real = new CpgSide({});
    await using ours = new CpgSide(fake.connectOptions);
    await using others = new Others(cluster, fake);
    const send = async (client: string, fields: MessageFields): Promise<void> => {
      const expected = await real.send(client, fields);
      expect({ fields, answer: await ours.send(client, fields) }).toEqual({ fields, answer: expected });
    };
    for (const [what, happens] of STORY) {
      await happens({ cluster, fake, others, send });
      await sleep(QUIET_MS);
      const told = [ours.takeEvents()];
      const heard = [real.takeEvents()];
      await waitUntil(
        `${what}: all is told`,
        () => {
          heard.push(real.takeEvents());
          return count(heard) >= count(told);
        },
        { timeoutMs: 40_000, everyMs: 100 },
      ).catch(() => undefined);
      await sleep(QUIET_MS);
      expect({ what, told: merged([...told, ours.takeEvents()]) }).toEqual({
        what,
        told: merged([...heard, real.takeEvents()]),
      });
    }
  });
});

type Events = Readonly<Record<string, readonly string[]>>;

function count(takes: readonly Events[]): number {
  return takes.flatMap((take) => Object.values(take)).reduce((sum, events) => sum + events.length, 0);
}

function merged(takes: readonly Events[]): Events {
  const all: Record<string, string[]> = {};
  for (const take of takes)
    for (const [name, events] of Object.entries(take)) all[name] = [...(all[name] ?? []), ...events];
  return all;
}
