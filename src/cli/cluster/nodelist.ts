import type { CmapValue } from '../../index.ts';
import { cString, type ByteString } from '../drop-in/bytes.ts';
import type { CmapReader } from './connector.ts';

/** A node that the configuration names. */
export interface ConfiguredNode {
  readonly nodeId: number;
  /** `undefined` where the configuration has none. */
  readonly name: ByteString | undefined;
}

const NODE_KEY = /^nodelist\.node\.(\d+)\.(nodeid|name)$/;

/** The nodes of the configuration, in the order of the map. */
export async function readNodelist(cmap: Pick<CmapReader, 'entries'>): Promise<readonly ConfiguredNode[]> {
  const nodeIds = new Map<number, number>();
  const names = new Map<number, ByteString>();
  for await (const { key, value } of cmap.entries('nodelist.node.')) {
    const [, position, field] = NODE_KEY.exec(key) ?? [];
    if (field === 'nodeid' && value.type === 'uint32') nodeIds.set(Number(position), value.value);
    if (field === 'name') setName(names, Number(position), value);
  }
  return [...nodeIds].map(([position, nodeId]) => ({ nodeId, name: names.get(position) }));
}

function setName(names: Map<number, ByteString>, position: number, value: CmapValue): void {
  if (value.type === 'string') names.set(position, cString(value));
}

/** The name of a node, or `undefined` where the configuration has none. */
export function configuredName(nodes: readonly ConfiguredNode[], nodeId: number): ByteString | undefined {
  return nodes.find((node) => node.nodeId === nodeId && node.name !== undefined)?.name;
}
