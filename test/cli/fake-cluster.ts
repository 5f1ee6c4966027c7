import type {
  CfgUser,
  CmapReader,
  Connector,
  CpgUser,
  QuorumReader,
  VotequorumUser,
} from '../../src/cli/cluster/connector.ts';
import {
  CsError,
  type CfgLinkStatus,
  type CpgGroupName,
  type CpgIterationItem,
  type CfgNodeStatus,
  type QuorumTracker,
  type QuorumTrackEvent,
  type VotequorumFlag,
  type VotequorumInfo,
} from '../../src/index.ts';
import { FakeClient } from './fake-client.ts';

type ServiceName = keyof Connector;

/** A node of the fake cluster. */
export interface FakeNode {
  readonly name?: string;
  readonly addresses: readonly string[];
  readonly info: VotequorumInfo;
  readonly status: CfgNodeStatus | Error;
}

export function link(change: Partial<CfgLinkStatus> = {}): CfgLinkStatus {
  return {
    enabled: true,
    connected: true,
    dynamicallyConnected: false,
    mtu: 1446,
    sourceAddress: '10.0.0.1',
    destinationAddress: '10.0.0.2',
    ...change,
  };
}

export function nodeStatus(nodeId: number, change: Partial<CfgNodeStatus> = {}): CfgNodeStatus {
  return {
    nodeId,
    reachable: true,
    remote: false,
    external: false,
    onwireMin: 0,
    onwireMax: 0,
    onwireVersion: 0,
    links: [link()],
    ...change,
  };
}

/** @param flags beside `quorate` */
export function info(
  nodeId: number,
  { flags = [], ...change }: Partial<VotequorumInfo> & { readonly flags?: readonly VotequorumFlag[] } = {},
): VotequorumInfo {
  return {
    nodeId,
    state: 'member',
    votes: 1,
    expectedVotes: 2,
    highestExpected: 2,
    totalVotes: 2,
    quorum: 2,
    flags: ['quorate', ...flags],
    flagBits: 0,
    qdeviceVotes: 0,
    qdeviceName: '',
    ...change,
  };
}

/** Services of a cluster in memory. Node 1 is this one. */
export class FakeCluster {
  readonly map = new FakeClient();
  readonly nodes = new Map<number, FakeNode>();
  type: 'set' | 'free' = 'set';
  quorate = true;
  /** What a tracker of quorum tells before it ends with `trackError`. */
  events: QuorumTrackEvent[] = [];
  trackError: Error = new CsError('CS_ERR_LIBRARY', { operation: 'connection' });
  /** Of process groups, in corosync's order; and what asking for them fails with. */
  groups: CpgGroupName[] = [];
  groupMembers: CpgIterationItem[] = [];
  listError: Error | undefined;
  readonly refused = new Map<ServiceName, Error>();
  /** What is connected, and what has been closed, in the order of it. */
  readonly connections: string[] = [];

  /** The calls that change something, with their arguments. */
  readonly changes: (readonly unknown[])[] = [];
  /** What the next of them fail with. */
  readonly refusals: Error[] = [];

  constructor() {
    this.set('quorum.provider', 'corosync_votequorum');
    this.map.values.set('runtime.votequorum.this_node_id', { type: 'uint32', value: 1 });
    this.add(1, { name: 'one', addresses: ['10.0.0.1'] });
    this.add(2, { name: 'two', addresses: ['10.0.0.2'] });
    this.events = [this.quorumEvent()];
  }

  add(nodeId: number, node: Partial<FakeNode>): void {
    this.nodes.set(nodeId, { addresses: [], info: info(nodeId), status: nodeStatus(nodeId), ...node });
    this.map.values.set(`nodelist.node.${nodeId - 1}.nodeid`, { type: 'uint32', value: nodeId });
    if (node.name !== undefined) this.set(`nodelist.node.${nodeId - 1}.name`, node.name);
  }

  change(nodeId: number, change: Partial<FakeNode>): void {
    this.nodes.set(nodeId, { ...this.#node(nodeId), ...change });
  }

  set(key: string, value: string): void {
    this.map.values.set(key, { type: 'string', value });
  }

  quorumEvent(members: readonly number[] = [...this.nodes.keys()], quorate = this.quorate): QuorumTrackEvent {
    return { kind: 'quorum', quorate, ringId: { nodeId: 1, seq: 26n }, members, snapshot: true };
  }

  get connector(): Connector {
    return {
      cmap: () => this.#connect('cmap', () => this.map.asCli() as unknown as CmapReader),
      quorum: () => this.#connect('quorum', () => this.#quorum()),
      votequorum: () => this.#connect('votequorum', () => this.#votequorum()),
      cfg: () => this.#connect('cfg', () => this.#cfg()),
      cpg: () => this.#connect('cpg', () => this.#cpg()),
    };
  }

  #connect<T extends object>(name: ServiceName, client: () => T): Promise<T> {
    const refused = this.refused.get(name);
    if (refused !== undefined) return Promise.reject(refused);
    this.connections.push(name);
    const close = (): Promise<void> => {
      this.connections.push(`${name} closed`);
      return Promise.resolve();
    };
    return Promise.resolve(new Proxy(client(), { get: (of, key) => bound(of, key, close) }));
  }

  #quorum(): QuorumReader {
    const { events, trackError } = this;
    const tracker = {
      async *[Symbol.asyncIterator](): AsyncGenerator<QuorumTrackEvent, void> {
        yield* events;
        await Promise.reject(trackError);
      },
    };
    const known: Partial<QuorumReader> = {
      type: this.type,
      getQuorate: () => Promise.resolve(this.quorate),
      track: () => Promise.resolve(tracker as unknown as QuorumTracker),
    };
    return known as QuorumReader;
  }

  #votequorum(): VotequorumUser {
    const getInfo = async (nodeId = 0): Promise<VotequorumInfo> =>
      Promise.resolve().then(() => this.#node(nodeId === 0 ? 1 : nodeId).info);
    const known: Partial<VotequorumUser> = {
      getInfo,
      setVotes: (nodeId, votes, options) => this.#change('setVotes', nodeId, votes, options),
      setExpected: (votes, options) => this.#change('setExpected', votes, options),
      qdeviceUnregister: (name) => this.#change('qdeviceUnregister', name),
    };
    return known as VotequorumUser;
  }

  #cfg(): CfgUser {
    const known: Partial<CfgUser> = {
      localNodeId: () => Promise.resolve(1),
      nodeAddresses: (nodeId) => Promise.resolve().then(() => this.#node(nodeId ?? 1).addresses),
      nodeStatus: (nodeId) => {
        const { status } = this.#node(nodeId);
        return status instanceof Error ? Promise.reject(status) : Promise.resolve(status);
      },
      killNode: (nodeId, reason) => this.#change('killNode', nodeId, reason),
      tryShutdown: (kind) => this.#change('tryShutdown', kind),
      reloadConfig: () => this.#change('reloadConfig'),
      reopenLogFiles: () => this.#change('reopenLogFiles'),
    };
    return known as CfgUser;
  }

  #cpg(): CpgUser {
    const list = <T>(items: readonly T[]): Promise<T[]> =>
      this.listError === undefined ? Promise.resolve([...items]) : Promise.reject(this.listError);
    const known: Partial<CpgUser> = {
      groups: () => list(this.groups),
      allMembers: () => list(this.groupMembers),
    };
    return known as CpgUser;
  }

  #change(...call: readonly unknown[]): Promise<void> {
    this.changes.push(call);
    const refusal = this.refusals.shift();
    return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
  }

  #node(nodeId: number): FakeNode {
    const node = this.nodes.get(nodeId);
    if (node === undefined) throw new CsError('CS_ERR_NOT_EXIST', { operation: 'fake' });
    return node;
  }
}

/** A client's member, with its own `this`. */
function bound(of: object, key: string | symbol, close: () => Promise<void>): unknown {
  if (key === 'close') return close;
  const value: unknown = Reflect.get(of, key, of);
  return typeof value === 'function' ? (value.bind(of) as unknown) : value;
}
