import type { CmapReader, CfgReader, QuorumReader, VotequorumUser } from '../cluster/connector.ts';
import { cString, type ByteString } from '../drop-in/bytes.ts';
import type { Connections, ServicesEnvironment } from '../drop-in/services.ts';
import { ToolFailure } from '../drop-in/tool-failure.ts';

/** What the tool is connected to. */
export interface Services {
  readonly cmap: CmapReader;
  readonly quorum: QuorumReader;
  readonly cfg: CfgReader;
  /** The provider of quorum; `undefined` where there is none. */
  readonly provider: ByteString | undefined;
  /** Only where votequorum is the provider. */
  readonly votequorum: VotequorumUser | undefined;
  /** Of this node; 0 where votequorum is not the provider. */
  readonly nodeId: number;
}

/** In the C tool's order, which says what is complained of. */
export async function connectAll(
  { connect }: ServicesEnvironment,
  connections: Connections,
): Promise<Services> {
  const cmap = await connections.open(connect.cmap, () => 'Cannot initialize CMAP service');
  const quorum = await connections.open(connect.quorum, () => 'Cannot initialize QUORUM service');
  const cfg = await connections.open(connect.cfg, () => 'Cannot initialise CFG service');
  const provider = await providerOf(quorum, cmap);
  if (provider !== 'corosync_votequorum') {
    return { cmap, quorum, cfg, provider, votequorum: undefined, nodeId: 0 };
  }
  const votequorum = await connections.open(connect.votequorum, () => 'Cannot initialise VOTEQUORUM service');
  return { cmap, quorum, cfg, provider, votequorum, nodeId: await ownNodeId(cmap) };
}

async function providerOf({ type }: QuorumReader, cmap: CmapReader): Promise<ByteString | undefined> {
  if (type === 'free') return undefined;
  const value = await cmap.get('quorum.provider').catch(() => undefined);
  return value?.type === 'string' ? cString(value) : undefined;
}

async function ownNodeId(cmap: CmapReader): Promise<number> {
  const value = await cmap.get('runtime.votequorum.this_node_id').catch(() => undefined);
  if (value?.type === 'uint32') return value.value;
  throw new ToolFailure('Unable to retrieve this_node_id');
}
