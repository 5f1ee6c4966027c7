import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest';
import { ClusterNetwork } from './cluster-network.ts';
import { ClusterNode } from './cluster-node.ts';
import { describeCluster } from './cluster-requirements.ts';
import { toldView, toolsView } from './cluster-tools.ts';
import { ClusterWatch } from './cluster-watch.ts';

const NODE_IDS = [1, 2, 3];
const LINKS = [0, 1];
/** A membership takes several token timeouts of 2.65 s to form, and the machine may be small and busy. */
const SETTLING = { timeout: 60_000, interval: 200 };

/** A node, and our client beside it. */
export interface Member {
  readonly node: ClusterNode;
  readonly watch: ClusterWatch;
}

/** Three nodes with two knet links, our client attached to each. */
export class Cluster {
  readonly members: Member[] = [];
  readonly #networks: ClusterNetwork[] = [];
  readonly #directories = ['/run', '/dev/shm'].map((parent) => mkdtempSync(`${parent}/corosync-client-`));
  /** How many changes of each kind each node had logged at the last mark. */
  readonly #marks = new Map<ClusterNode, { readonly members: number; readonly links: number }>();

  async start(): Promise<void> {
    const [sockets = '', sharedMemory = ''] = this.#directories;
    for (const link of LINKS)
      this.#networks.push(await ClusterNetwork.create(`${basename(sockets)}-link${link}`));
    const nodes = NODE_IDS.map(
      (id) => `node${id}=${this.#networks.map((network) => network.address(id)).join()}`,
    );
    const start = async (id: number): Promise<void> => {
      const directories = { sockets: join(sockets, `${id}`), sharedMemory: join(sharedMemory, `${id}`) };
      const node = await ClusterNode.start(id, directories, this.#networks, nodes.join(' '));
      this.members.push({ node, watch: new ClusterWatch(node.connectOptions) });
    };
    await Promise.all(NODE_IDS.map(start));
    this.members.sort((a, b) => a.node.nodeId - b.node.nodeId);
  }

  member(nodeId: number): Member {
    const member = this.members.find(({ node }) => node.nodeId === nodeId);
    if (member === undefined) throw new Error(`there is no node ${nodeId}`);
    return member;
  }

  others(nodeId: number): Member[] {
    return this.members.filter(({ node }) => node.nodeId !== nodeId);
  }

  /** Waits until all are together again on all links and every client knows; from here on events are looked at. */
  async settle(): Promise<void> {
    await Promise.all(this.members.map(({ watch }) => watch.connected()));
    await vi.waitFor(() => {
      for (const { node, watch } of this.members) {
        const { joined, links } = toldView(node, watch);
        expect(joined).toEqual(NODE_IDS);
        expect(links.filter((link) => link.endsWith(': connected'))).toHaveLength(4);
      }
    }, SETTLING);
    await expectAgreement(this.members);
    for (const { node, watch } of this.members) {
      const [members, links] = await Promise.all([node.loggedChanges(), node.loggedLinks()]);
      this.#marks.set(node, { members: members.length, links: links.length });
      watch.mark();
    }
  }

  /**
   * Each of these clients was told the membership changes that its corosync logged since the mark, in that order.
   * Their corosyncs must have run all the time.
   */
  async expectHistory(members: readonly Member[]): Promise<void> {
    await forEach(members, async ({ node, watch }) => {
      const logged = (await node.loggedChanges()).slice(this.#marks.get(node)?.members);
      expect(watch.toldChanges(), `told to the client of node ${node.nodeId}`).toEqual(logged);
    });
  }

  /**
   * Likewise for each link by itself. corosync looks at them all every 1.5 s: one that was down for less may be missing from
   * what was told, and two that went down in between are told of in any order.
   */
  async expectLinkHistory(members: readonly Member[]): Promise<void> {
    await forEach(members, async ({ node, watch }) => {
      const logged = (await node.loggedLinks()).slice(this.#marks.get(node)?.links);
      for (const [link, told] of byLink(watch.toldLinks()))
        expect(told, `told to the client of node ${node.nodeId}`).toEqual(
          selectInOrder(byLink(logged).get(link) ?? [], told),
        );
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ watch }) => watch.close()));
    await Promise.all(this.members.map(({ node }) => node.remove()));
    for (const network of this.#networks) await network.remove();
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
  }
}

/** What each of these clients was told adds up to what corosync's own tools say on its node. */
export async function expectAgreement(members: readonly Member[]): Promise<void> {
  await forEach(members, async ({ node, watch }) => {
    expect(toldView(node, watch), `node ${node.nodeId}`).toEqual(await toolsView(node));
  });
}

/** Waits until a change was told to each of these clients. */
export async function expectTold(members: readonly Member[], change: string): Promise<void> {
  await forEach(members, ({ node, watch }) => {
    expect([...watch.toldChanges(), ...watch.toldLinks()], `node ${node.nodeId}`).toContain(change);
  });
}

/** What a node does and what we hear of it have some time to come together. */
async function forEach(
  members: readonly Member[],
  check: (member: Member) => void | Promise<void>,
): Promise<void> {
  for (const member of members) await vi.waitFor(() => check(member), SETTLING);
}

/** `3 link 0 down`, `3 link 0 up` under `3 link 0`. */
function byLink(changes: readonly string[]): Map<string, string[]> {
  const links = new Map<string, string[]>();
  for (const change of changes) {
    const link = change.slice(0, change.lastIndexOf(' '));
    links.set(link, [...(links.get(link) ?? []), change]);
  }
  return links;
}

/** The items of `all` that are in `wanted` in the same order; those of `wanted` that are not there are missing from the result. */
function selectInOrder(all: readonly string[], wanted: readonly string[]): string[] {
  let next = 0;
  return all.filter((item) => {
    if (item !== wanted[next]) return false;
    next += 1;
    return true;
  });
}

/** Describes tests that share one cluster; each finds it whole. */
export function describeOnCluster(name: string, define: (cluster: Cluster) => void): void {
  describeCluster(name, () => {
    const cluster = new Cluster();
    beforeAll(() => cluster.start());
    beforeEach(() => cluster.settle());
    afterAll(() => cluster.stop());
    define(cluster);
  });
}
