import type { RingId } from '../../codec/ring-id.ts';
import type { CsErrorName } from '../../errors/index.ts';
import * as rules from '../../options/rules.ts';
import { setExpected, setVotes } from '../votequorum/reconfigure.ts';
import type { DeviceFlags } from '../votequorum/voting-node.ts';
import type { ClusterState } from './cluster-state.ts';
import type { FakeConfigFile } from './config-file.ts';
import type { FakeLink } from './fake-link.ts';
import { noteMiss, noteTokenSilence } from './totem-statistics.ts';

/** A node, as the fake's node knows it. */
export interface FakeNode {
  /** Its node id. */
  readonly id: number;
  /** As in the nodelist. */
  readonly name: string;
  /** One for each link. */
  readonly addresses: readonly string[];
  /** Whether it is a member of the cluster now. */
  readonly member: boolean;
  /** Its votes; `undefined`: it was never seen, or there is no votequorum. */
  readonly votes: number | undefined;
  /** By number. The fake's own node has one, to itself. */
  readonly links: readonly FakeLink[];
}

/** What is to change of a link. */
export type FakeLinkChange = { readonly [Name in keyof FakeLink]?: FakeLink[Name] | undefined };

/** The quorum device of a node: what is not given is false. */
export interface FakeDevice {
  /** A device has registered on this node. */
  readonly registered?: boolean | undefined;
  /** It polls. */
  readonly alive?: boolean | undefined;
  /** It votes for this node. */
  readonly castsVote?: boolean | undefined;
  /** Nodes with its vote are quorate, whatever the others are. */
  readonly masterWins?: boolean | undefined;
  /** All nodes have the same. Default: what it is. */
  readonly name?: string | undefined;
}

const linkRule = rules.object<FakeLinkChange>('a link', {
  enabled: rules.boolean,
  connected: rules.boolean,
  mtu: rules.uint32,
});
const deviceRule = rules.object<FakeDevice>('a quorum device', {
  registered: rules.boolean,
  alive: rules.boolean,
  castsVote: rules.boolean,
  masterWins: rules.boolean,
  name: rules.rule(
    'a name of 1 to 254 bytes without a NUL',
    (value): value is string =>
      typeof value === 'string' && Buffer.byteLength(value) <= 254 && /^[^\0]+$/.test(value),
  ),
});
const timesRule = rules.integer(1, 1000);
const msRule = rules.integer(0, rules.INT32_MAX);
const fileRule = rules.oneOf('good', 'unreadable', 'wrong');

/**
 * The cluster that a fake is a node of, as that node sees it. What happens here is told by all services, in corosync's order, at once;
 * if the fake is paused, when it goes on. Every method throws an Error while the fake is dead.
 */
export class FakeClusterView {
  readonly #current: () => ClusterState;

  /** @internal Made by FakeCorosync only. */
  constructor(current: () => ClusterState) {
    this.#current = current;
  }

  /** The fake's own node. */
  get localNodeId(): number {
    return this.#current().localNodeId;
  }

  /** The ids of the members, ascending. */
  get members(): readonly number[] {
    return [...this.#current().members];
  }

  /** Of the membership. */
  get ringId(): RingId {
    return { ...this.#current().ringId };
  }

  /** Whether the fake's node belongs to a quorate cluster. */
  get quorate(): boolean {
    return this.#current().quorate;
  }

  /** What the fake's node expects; `undefined`: there is no votequorum. */
  get expectedVotes(): number | undefined {
    return this.#current().votes?.us.expectedVotes;
  }

  /** All nodes of the nodelist. */
  get nodes(): readonly FakeNode[] {
    const state = this.#current();
    return state.config.nodes.map(({ id, name, addresses }) => ({
      id,
      name,
      addresses,
      member: state.members.includes(id),
      votes: state.votes?.nodes.get(id)?.votes,
      links: (state.links.of(id) ?? []).map((link) => ({ ...link })),
    }));
  }

  /** corosync ends on nodes in good order, as by SIGTERM: they say so to the others. Its links fail, too. @throws RangeError as `lose` */
  shutDown(...nodeIds: readonly number[]): void {
    const state = this.#others('shutDown', nodeIds);
    state.act(() => state.leave(nodeIds));
  }

  /** Nodes are gone: corosync was killed there, or the whole node has ended. @throws RangeError: a node that there is not, or the fake's own */
  lose(...nodeIds: readonly number[]): void {
    this.#others('lose', nodeIds);
    this.separate(nodeIds, []);
  }

  /** Nodes are cut off. They run on together, and know their votes when they `join` again. @throws RangeError as `lose` */
  isolate(...nodeIds: readonly number[]): void {
    this.separate([], [nodeIds]);
  }

  /** @internal Nodes are gone, and groups of nodes are cut off, all at once. */
  separate(gone: readonly number[], cutOff: readonly (readonly number[])[]): void {
    const state = this.#others('isolate', cutOff.flat());
    state.act(() => state.lose(gone, cutOff));
  }

  /** Nodes become members: they have started, or are not cut off any more. @throws RangeError as `lose` */
  join(...nodeIds: readonly number[]): void {
    const state = this.#others('join', nodeIds);
    state.act(() => state.join(nodeIds));
  }

  /** Members have started again before they were missed: they have left and joined at once. @throws RangeError as `lose` */
  rejoin(...nodeIds: readonly number[]): void {
    const state = this.#others('rejoin', nodeIds);
    state.act(() => state.restart(nodeIds));
  }

  /**
   * Somebody sets a node's votes, as `votequorum_setvotes` does: 0 is the quorum device.
   * @throws RangeError: corosync refuses it, with its error
   */
  setVotes(nodeId: number, votes: number): void {
    this.#reconfigure(`setVotes of node ${nodeId} to ${votes}`, (state) =>
      state.votes === undefined
        ? 'CS_ERR_NOT_SUPPORTED'
        : setVotes(state.votes, state.totem, nodeId, rules.uint32('votes', votes)),
    );
  }

  /** Somebody sets the expected votes, as `votequorum_setexpected` does. @throws RangeError: corosync refuses it, with its error */
  setExpectedVotes(votes: number): void {
    this.#reconfigure(`setExpectedVotes to ${votes}`, (state) =>
      state.votes === undefined
        ? 'CS_ERR_NOT_SUPPORTED'
        : setExpected(state.votes, state.totem, rules.uint32('votes', votes)),
    );
  }

  /** A link to another node changes; what is not given stays. @throws RangeError: there is no such node or link */
  setLink(nodeId: number, link: number, change: FakeLinkChange): void {
    const state = this.#others('setLink', [nodeId]);
    const now = state.links.get(nodeId, link);
    if (now === undefined) throw new RangeError(`setLink: node ${nodeId} has no link ${link}`);
    const { enabled, connected, mtu } = linkRule('change', change);
    const status = {
      enabled: enabled ?? now.enabled,
      connected: connected ?? now.connected,
      mtu: mtu ?? now.mtu,
    };
    state.act(() => state.links.set(nodeId, link, status));
  }

  /** A link goes down and up so often that only its counters tell. @throws RangeError: as `setLink`; times is not 1 to 1000 */
  flapLink(nodeId: number, link: number, times: number): void {
    const state = this.#others('flapLink', [nodeId]);
    if (state.links.get(nodeId, link) === undefined)
      throw new RangeError(`flapLink: node ${nodeId} has no link ${link}`);
    const count = timesRule('times', times);
    state.act(() => state.links.flap(nodeId, link, count));
  }

  /** The token is lost once; the same members form a ring again. */
  loseToken(): void {
    const state = this.#current();
    state.act(() => state.loseToken());
  }

  /** How long ago the last token came when corosync looked last, in milliseconds. @throws RangeError: it is not 0 to 2147483647 */
  setTokenSilence(ms: number): void {
    const state = this.#current();
    const silence = msRule('ms', ms);
    state.act(() => noteTokenSilence(state.statistics, silence));
  }

  /** corosync was not scheduled for so long, in milliseconds. @throws RangeError: as `setTokenSilence` */
  missSchedule(delayMs: number): void {
    const state = this.#current();
    const delay = msRule('delayMs', delayMs);
    state.act(() => noteMiss(state.statistics, delay));
  }

  /** The quorum device of a member changes. @throws RangeError: the node is no member */
  setDevice(nodeId: number, device: FakeDevice): void {
    const state = this.#current();
    const {
      name,
      registered = false,
      alive = false,
      castsVote = false,
      masterWins = false,
    } = deviceRule('device', device);
    if (!state.members.includes(nodeId)) throw new RangeError(`setDevice: node ${nodeId} is no member`);
    const flags: DeviceFlags = { registered, alive, castsVote, masterWins };
    state.act(() => state.setDevice(nodeId, flags, name === undefined ? undefined : Buffer.from(name)));
  }

  /** What corosync finds from now on when it is told to read corosync.conf again. */
  setConfigFile(file: FakeConfigFile): void {
    this.#current().configFile.found = fileRule('file', file);
  }

  /** Somebody on another node reloads the configuration of all. */
  reload(): void {
    const state = this.#current();
    state.act(() => {
      state.reload(() => undefined);
      state.totem.flush();
    });
  }

  #others(operation: string, nodeIds: readonly number[]): ClusterState {
    const state = this.#current();
    for (const id of nodeIds) {
      if (state.node(id) === undefined) {
        const known = state.config.nodes.map((node) => node.id).join(', ');
        throw new RangeError(`${operation}: there is no node ${id} in the nodelist, which has ${known}`);
      }
      if (id === state.localNodeId) {
        throw new RangeError(`${operation}: node ${id} is the fake's own; see FakeCorosync.die and restart`);
      }
    }
    return state;
  }

  #reconfigure(what: string, change: (state: ClusterState) => CsErrorName): void {
    const state = this.#current();
    state.act(() => {
      const outcome = change(state);
      if (outcome !== 'CS_OK') throw new RangeError(`${what}: corosync refuses it: ${outcome}`);
      state.totem.flush();
    });
  }
}
