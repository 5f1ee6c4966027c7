import type { MapReader } from './map-reader.ts';

/** The most links that a node of corosync can have. */
const MOST_LINKS = 8;

/** A node of the configuration. */
export interface ConfiguredNode {
  readonly id: number;
  readonly name: string | undefined;
  readonly addresses: readonly string[];
  /** The numbers of the links for which it has an address. */
  readonly links: readonly number[];
}

const NODE_ID_KEY = /^nodelist\.node\.(\d+)\.nodeid$/;

/** The nodes of the configuration, by their ids. Their place in the list is not their id. */
export function configuredNodes(map: MapReader): ReadonlyMap<number, ConfiguredNode> {
  const nodes = new Map<number, ConfiguredNode>();
  for (const key of map.keys()) {
    const [, position] = NODE_ID_KEY.exec(key) ?? [];
    const id = map.integer(key);
    if (position === undefined || id === undefined) continue;
    const of = `nodelist.node.${position}.`;
    const addresses = Array.from({ length: MOST_LINKS }, (_, link) => map.text(`${of}ring${link}_addr`));
    const links = addresses.flatMap((address, link) => (address === undefined ? [] : [link]));
    nodes.set(id, { id, name: map.text(`${of}name`), addresses: addresses.filter(isThere), links });
  }
  return nodes;
}

const MEMBER_KEY = /^runtime\.members\.(\d+)\.status$/;

/** The ids of the nodes that were members since corosync started. */
export function seenNodes(map: MapReader): readonly number[] {
  return Array.from(map.keys(), (key) => MEMBER_KEY.exec(key)?.[1])
    .filter(isThere)
    .map(Number);
}

/** As corosync writes them: `r(0) ip(10.0.0.1) r(1) ip(10.1.0.1) `. */
export function seenAddresses(map: MapReader, nodeId: number): readonly string[] {
  const text = map.text(`runtime.members.${nodeId}.ip`) ?? '';
  return Array.from(text.matchAll(/ip\(([^)]*)\)/g), ([, address = '']) => address).filter(
    (address) => address !== '',
  );
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
