import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CfgClient, CmapClient, QuorumClient, VotequorumClient } from '../../src/index.ts';
import { FakeCluster } from '../../src/testing/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { nodeAddresses, type OtherNode } from '../helpers/corosync/other-node.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const NODES = [1, 2, 3];
const LINKS = [0, 1];
/** By corosync's rule: 1000, and 650 for the third node. */
const TOKEN_MS = 1650;
/** Nothing more is told after it: corosync looks at its statistics each 1.5 s. */
const QUIET_MS = 2500;

/** Keys whose values are the same in both. */
const SAME =
  /^(?:runtime\.(?:config\.totem|members|votequorum)|nodelist|quorum|config|totem\.(?:token$|config_version))/;
/** What the story moves. */
const COUNTERS = ['operational_token_lost', 'consensus_timeouts', 'operational_entered', 'gather_entered'];
const LINK_KEYS = ['enabled', 'connected', 'down_count', 'up_count', 'mtu'];

/** What one of the two corosyncs tells, by whom it is told, and what of it came before what. */
class Told implements AsyncDisposable {
  readonly #clients: readonly [CmapClient, CmapClient, QuorumClient, VotequorumClient, CfgClient];
  readonly #rings: bigint[] = [];
  #told: Record<string, string[]> = {};
  #order: string[] = [];
  #heardAt = 0;
  #before = new Map<string, bigint>();

  private constructor(clients: readonly [CmapClient, CmapClient, QuorumClient, VotequorumClient, CfgClient]) {
    this.#clients = clients;
  }

  static async by(options: object): Promise<Told> {
    const told = new Told(
      await Promise.all([
        CmapClient.connect(options),
        CmapClient.connect({ ...options, map: 'stats' }),
        QuorumClient.connect(options),
        VotequorumClient.connect(options),
        CfgClient.connect(options),
      ]),
    );
    await told.#track();
    return told;
  }

  /** Resolves when nothing has been told for a while. */
  async quiet(): Promise<void> {
    await waitUntil('it is quiet', () => performance.now() > this.#heardAt + QUIET_MS, { timeoutMs: 30_000 });
  }

  /** @param counters whether how often totem came into its states is the same each time; @param ordered whether the order is */
  async take(counters: boolean, ordered = true): Promise<object> {
    const order = [...new Set(this.#order)];
    const told = { ...this.#told, order: ordered ? order : order.sort() };
    this.#told = {};
    this.#order = [];
    const counted = await this.#counted();
    return { ...told, ...(counters ? { counted } : {}), holds: await this.#holds() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
  }

  async #track(): Promise<void> {
    const [map, stats, quorum, votequorum] = this.#clients;
    await quorum.track({
      listener: (event) => this.#hear('quorum', event, event.kind === 'nodelist' && 'members'),
    });
    await votequorum.track({ listener: (event) => this.#hear('votequorum', event) });
    for (const prefix of ['runtime.members.', 'runtime.votequorum.', 'config.']) {
      await map.track(prefix, {
        prefix: true,
        listener: (event) => {
          if (event.kind === 'notification')
            this.#hear('map', [event.change, event.key, event.newValue?.value]);
        },
      });
    }
    for (const key of linkKeys()) {
      await stats.track(key, {
        listener: (event) => {
          if (event.kind === 'notification') this.#hear(key, event.newValue?.value, 'links');
        },
      });
    }
    await this.#counted();
  }

  #hear(whom: string, what: unknown, order: string | false = false): void {
    this.#heardAt = performance.now();
    if (order !== false) this.#order.push(order);
    const text = JSON.stringify(what, (key, value: unknown) => {
      if (key === 'ringId') return this.#ring(value as { seq: bigint });
      return typeof value === 'bigint' ? String(value) : value;
    });
    (this.#told[whom] ??= []).push(text);
  }

  /** Rings in the order in which they came: the numbers themselves differ. */
  #ring({ seq }: { seq: bigint | string }): number {
    if (!this.#rings.includes(BigInt(seq))) this.#rings.push(BigInt(seq));
    return this.#rings.indexOf(BigInt(seq));
  }

  /** How often since the last time. */
  async #counted(): Promise<Record<string, string>> {
    const [, stats] = this.#clients;
    const since: Record<string, string> = {};
    for (const name of COUNTERS) {
      const now = await stats.getUint64(`stats.srp.${name}`);
      since[name] = String(now - (this.#before.get(name) ?? 0n));
      this.#before.set(name, now);
    }
    return since;
  }

  async #holds(): Promise<object> {
    const [map, stats, quorum, votequorum, cfg] = this.#clients;
    const values: Record<string, string> = {};
    for await (const { key, value } of map.entries()) if (SAME.test(key)) values[key] = shown(value);
    for (const key of linkKeys()) values[key] = shown(await stats.get(key));
    const votes = [];
    for (const id of NODES) votes.push(await votequorum.getInfo(id));
    const statuses = [];
    for (const id of NODES) statuses.push(await cfg.nodeStatus(id));
    return { values, quorate: await quorum.getQuorate(), votes, statuses, rings: await cfg.ringStatus() };
  }
}

function linkKeys(): string[] {
  return NODES.slice(1).flatMap((id) =>
    LINKS.flatMap((link) => LINK_KEYS.map((name) => `stats.knet.node${id}.link${link}.${name}`)),
  );
}

function shown({ type, value }: { readonly type: string; readonly value: unknown }): string {
  return `${type} ${String(value)}`;
}

/** All statistics that corosync has of its own making, with their types. */
async function statistics(options: object): Promise<string[]> {
  await using stats = await CmapClient.connect({ ...options, map: 'stats' });
  const keys: string[] = [];
  for (const prefix of ['stats.knet.node', 'stats.srp.', 'stats.pg.'])
    for await (const { key, value } of stats.entries(prefix)) keys.push(`${key} ${value.type}`);
  return keys;
}

interface Happening {
  readonly what: string;
  /** How often totem begins anew depends on the moment. */
  readonly counters?: false;
  /** Whether links or members are told first depends on when corosync looks at its links. */
  readonly order?: false;
  real(cluster: NamespaceCluster): unknown;
  ours(fake: FakeCluster): unknown;
}

const blackhole = (does: 'add' | 'del', link: number) => (node: OtherNode) =>
  node.run('ip', 'route', does, 'blackhole', `10.99.${link}.1/32`);

const STORY: readonly Happening[] = [
  { what: 'node 3 leaves', real: (real) => real.node(3).stop(), ours: (ours) => ours.node(3).leave() },
  {
    what: 'it joins',
    order: false,
    real: (real) => real.node(3).start(),
    ours: (ours) => ours.node(3).join(),
  },
  { what: 'it vanishes', real: (real) => real.node(3).killed(), ours: (ours) => ours.node(3).vanish() },
  {
    what: 'it is back',
    order: false,
    real: (real) => real.node(3).start(),
    ours: (ours) => ours.node(3).join(),
  },
  {
    what: 'a link is cut',
    real: (real) => blackhole('add', 1)(real.node(2)),
    ours: (ours) => ours.link(2, 1).down(),
  },
  {
    what: 'and mended',
    real: (real) => blackhole('del', 1)(real.node(2)),
    ours: (ours) => ours.link(2, 1).up(),
  },
  {
    what: 'all links of a node are cut',
    real: (real) => real.node(3).unplug(),
    ours: (ours) => ours.partition([3]),
  },
  {
    what: 'and healed',
    counters: false,
    order: false,
    real: (real) => real.node(3).plugIn(),
    ours: (ours) => ours.heal(),
  },
  {
    what: 'the others reload',
    real: (real) => real.node(2).run('corosync-cfgtool', '-R'),
    ours: (ours) => ours.reload(),
  },
];

describeIntegration('a fake cluster beside three real nodes', () => {
  it('tells the same, in the same order, and counts alike', { timeout: 240_000 }, async () => {
    const totem = 'token: 1000\n  config_version: 7';
    await using cluster = await NamespaceCluster.start(3, {
      nodes: nodeAddresses(3, LINKS.length),
      config: { totem },
    });
    await using fake = await FakeCluster.start({
      nodes: NODES.map((id) => ({ addresses: LINKS.map((link) => `10.99.${link}.${id}`) })),
      tokenMs: TOKEN_MS,
      configVersion: 7,
    });
    await using real = await Told.by({});
    await using ours = await Told.by(fake.connectOptions);
    expect(await statistics(fake.connectOptions)).toEqual(await statistics({}));
    await real.quiet();
    await fake.caughtUp();
    // How often a ring was formed until all were there differs.
    const known = await real.take(false);
    expect(comparable(await ours.take(false))).toEqual(comparable(known));
    for (const { what, counters, order, ...happens } of STORY) {
      await happens.real(cluster);
      happens.ours(fake);
      await fake.caughtUp();
      const told = comparable(await ours.take(counters !== false, order !== false));
      await waitUntil(`${what}: it is told`, async () => (await sleep(QUIET_MS), true), {
        timeoutMs: 10_000,
      });
      await real.quiet();
      const heard = comparable(await real.take(counters !== false, order !== false));
      expect({ what, ...told }).toEqual({ what, ...heard });
    }
  });
});

/** Without what the configuration of the real one has beside. @param told by `Told.take` */
function comparable(told: object): object {
  return JSON.parse(
    JSON.stringify(told, (key, value: unknown) => {
      if (/^runtime\.config\.totem\.knet_compression_(?:level|model)$|^totem\.token$/.test(key))
        return undefined;
      return typeof value === 'bigint' ? String(value) : value;
    }),
  ) as object;
}
