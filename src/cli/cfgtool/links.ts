import { asError } from '../../errors/index.ts';
import type { CfgNodeStatus } from '../../index.ts';
import type { CfgReader, CmapReader } from '../cluster/connector.ts';
import { readNodelist } from '../cluster/nodelist.ts';
import { cString, type ByteString } from '../drop-in/bytes.ts';
import type { Connections, ServicesEnvironment } from '../drop-in/services.ts';
import { errorNumber, ToolFailure } from '../drop-in/tool-failure.ts';
import { connectCfg } from '../drop-in/connect-cfg.ts';

const MAX_LINKS = 8;

/** What -s and -n tell of. */
export interface Links {
  readonly localNodeId: number;
  readonly transport: ByteString;
  /** The carriers of the links, by their number: "udp", "sctp"; with udp and udpu nothing, for there it is said already. */
  readonly carriers: readonly ByteString[];
  /** All nodes of the configuration by their ids, each as this node sees it: the error where it cannot be told. */
  readonly nodes: readonly { readonly nodeId: number; readonly status: CfgNodeStatus | Error }[];
}

export async function readLinks(environment: ServicesEnvironment, connections: Connections): Promise<Links> {
  const cfg = await connectCfg(environment, connections);
  const cmap = await connections.open(
    environment.connect.cmap,
    (error) => `Could not initialize corosync cmap API error ${errorNumber(error)}`,
  );
  const transport = await transportOf(cmap);
  const localNodeId = await cfg.localNodeId().catch((error: unknown) => {
    throw new ToolFailure(`Could not get the local node id, the error is: ${errorNumber(error)}`);
  });
  const nodeIds = await nodeIdsOf(cmap);
  const carriers = await carriersOf(cmap, transport);
  return { localNodeId, transport, carriers, nodes: await statuses(cfg, nodeIds) };
}

async function transportOf(cmap: CmapReader): Promise<ByteString> {
  const value = await cmap.get('totem.transport').catch(() => undefined);
  return value?.type === 'string' ? cString(value) : 'knet';
}

export function isKnet(transport: ByteString): boolean {
  return transport !== 'udpu' && transport !== 'udp';
}

async function nodeIdsOf(cmap: CmapReader): Promise<readonly number[]> {
  const nodes = await readNodelist(cmap).catch((error: unknown) => {
    throw new ToolFailure(`Could not get nodelist from cmap. error ${errorNumber(error)}`);
  });
  if (nodes.length === 0) throw new ToolFailure('No nodes found in nodelist');
  return nodes.map(({ nodeId }) => nodeId).sort((one, other) => one - other);
}

const CARRIER_KEY = /^totem\.interface\.(\d+)\.knet_transport$/;

async function carriersOf(cmap: CmapReader, transport: ByteString): Promise<readonly ByteString[]> {
  const carriers = new Array<ByteString>(MAX_LINKS).fill(isKnet(transport) ? 'udp' : '');
  try {
    for await (const { key, value } of cmap.entries('totem.interface.')) {
      const link = Number(CARRIER_KEY.exec(key)?.[1] ?? MAX_LINKS);
      if (link < MAX_LINKS && value.type === 'string') carriers[link] = cString(value);
    }
  } catch {
    // The C tool shows what it takes for granted, too.
  }
  return carriers;
}

function statuses(cfg: CfgReader, nodeIds: readonly number[]): Promise<Links['nodes']> {
  return Promise.all(
    nodeIds.map(async (nodeId) => ({ nodeId, status: await cfg.nodeStatus(nodeId).catch(asError) })),
  );
}
