import { CsError } from '../../errors/index.ts';
import type { CfgLinkStatus } from '../../index.ts';
import { fromRaw } from '../arguments/raw-arguments.ts';
import type { CfgReader, Connector, VotequorumReader } from './connector.ts';
import { configuredName, readNodelist, type ConfiguredNode } from './nodelist.ts';
import { readState } from './read-quorum.ts';

/** A node that is configured, or a member. */
export interface NodePicture {
  readonly nodeId: number;
  readonly name: string | undefined;
  readonly local: boolean;
  readonly member: boolean;
  /** `undefined` without votequorum, and of a node that it has never seen. */
  readonly votes: number | undefined;
  /** In the order of the links. */
  readonly addresses: readonly string[];
}

/** All nodes, by their ids. @param timeoutMs how long to wait for what corosync tells by itself */
export async function readNodes(services: Connector, timeoutMs?: number): Promise<readonly NodePicture[]> {
  const [cmap, quorum, cfg] = await Promise.all([services.cmap(), services.quorum(), services.cfg()]);
  const votequorum = quorum.type === 'set' ? await services.votequorum() : undefined;
  const [configured, { members }, local] = await Promise.all([
    readNodelist(cmap),
    readState(quorum, timeoutMs),
    cfg.localNodeId(),
  ]);
  const nodeIds = [...new Set([...configured.map(({ nodeId }) => nodeId), ...members])];
  const pictures = nodeIds.map(async (nodeId) => ({
    nodeId,
    name: nameOf(nodeId, configured),
    local: nodeId === local,
    member: members.includes(nodeId),
    votes: await votesOf(nodeId, votequorum),
    addresses: (await unlessUnknown(cfg.nodeAddresses(nodeId))) ?? [],
  }));
  return (await Promise.all(pictures)).sort((one, other) => one.nodeId - other.nodeId);
}

/** As text: the names are bytes. */
function nameOf(nodeId: number, nodes: readonly ConfiguredNode[]): string | undefined {
  const name = configuredName(nodes, nodeId);
  return name === undefined ? undefined : fromRaw(name);
}

async function votesOf(
  nodeId: number,
  votequorum: VotequorumReader | undefined,
): Promise<number | undefined> {
  if (votequorum === undefined) return undefined;
  return (await unlessUnknown(votequorum.getInfo(nodeId)))?.votes;
}

/** The answer, or `undefined` where corosync does not know the node. */
async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST') return undefined;
    throw error;
  }
}

/** A link to another node. */
export interface LinkPicture extends Pick<CfgLinkStatus, 'connected' | 'mtu'> {
  readonly nodeId: number;
  readonly name: string | undefined;
  readonly link: number;
  readonly from: string;
  readonly to: string;
}

/** The links to the other nodes that are configured, by their ids. */
export async function readLinks(services: Connector): Promise<readonly LinkPicture[]> {
  const [cmap, cfg] = await Promise.all([services.cmap(), services.cfg()]);
  const [nodes, local] = await Promise.all([readNodelist(cmap), cfg.localNodeId()]);
  const others = nodes
    .map(({ nodeId }) => nodeId)
    .filter((nodeId) => nodeId !== local)
    .sort((one, other) => one - other);
  const links = await Promise.all(others.map((nodeId) => linksTo(nodeId, nameOf(nodeId, nodes), cfg)));
  return links.flat();
}

async function linksTo(nodeId: number, name: string | undefined, cfg: CfgReader): Promise<LinkPicture[]> {
  const { links } = await cfg.nodeStatus(nodeId);
  return links.flatMap(({ enabled, connected, mtu, sourceAddress, destinationAddress }, link) => {
    if (!enabled) return [];
    // udp and udpu tell one address: the other node's.
    const addresses =
      destinationAddress === ''
        ? { from: '', to: sourceAddress }
        : { from: sourceAddress, to: destinationAddress };
    return [{ nodeId, name, link, connected, mtu, ...addresses }];
  });
}
