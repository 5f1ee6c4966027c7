import type { Conf, ConfItem } from '../../conf/syntax.ts';
import { mapKeyOf } from '../../conf/files.ts';
import type { MapReader } from '../map-reader.ts';
import { COMPARED_KEYS, NODE_KEYS } from './comparable.ts';

/** What a node's section says, by key. */
export type NodeSettings = ReadonlyMap<string, string>;

/** What is compared, on either side. What is empty is left out: it is as nothing to corosync. */
export interface Settings {
  readonly values: ReadonlyMap<string, string>;
  /** By their ids; `undefined`: they have none by which they could be told apart. */
  readonly nodes: ReadonlyMap<number, NodeSettings> | undefined;
}

const NODE_SECTION = 'nodelist.node';

/** As corosync would take the file over: of several lines, the last one counts. */
export function settingsOfFile({ items }: Conf): Settings {
  const values = new Map<string, string>();
  for (const item of items) values.set(mapKeyOf(item), item.value);
  const nodes = items.filter(({ section }) => section.startsWith(NODE_SECTION));
  return {
    values: onlyKeys(COMPARED_KEYS, (key) => values.get(key)),
    nodes: nodesOfFile(nodes),
  };
}

export function settingsOfMap(map: MapReader): Settings {
  const positions = new Set<string>();
  for (const key of map.keys()) {
    const position = NODE_KEY.exec(key)?.[1];
    if (position !== undefined) positions.add(position);
  }
  return {
    values: onlyKeys(COMPARED_KEYS, (key) => map.words(key)),
    nodes: byId([...positions], (position, key) => map.words(`${NODE_SECTION}.${position}.${key}`)),
  };
}

const NODE_KEY = /^nodelist\.node\.(\d+)\./;

/** A second nodelist, or a section in that of a node, is put by corosync where nobody expects it. */
function nodesOfFile(items: readonly ConfItem[]): Settings['nodes'] {
  const lists = new Set(items.map(({ within }) => within[0]));
  if (lists.size > 1 || items.some(({ section }) => section !== NODE_SECTION)) return undefined;
  const sections = new Map<number, Map<string, string>>();
  for (const { within, key, value } of items) {
    const [, line = 0] = within;
    const section = sections.get(line) ?? new Map<string, string>();
    sections.set(line, section.set(key, value));
  }
  return byId([...sections.values()], (section, key) => section.get(key));
}

function byId<Of>(all: readonly Of[], value: (of: Of, key: string) => string | undefined): Settings['nodes'] {
  const nodes = new Map<number, NodeSettings>();
  for (const one of all) {
    const id = Number(value(one, 'nodeid') ?? NaN);
    if (!Number.isInteger(id) || id === 0 || nodes.has(id)) return undefined;
    nodes.set(
      id,
      onlyKeys(NODE_KEYS, (key) => value(one, key)),
    );
  }
  return nodes;
}

function onlyKeys(
  keys: readonly string[],
  value: (key: string) => string | undefined,
): ReadonlyMap<string, string> {
  return new Map(
    keys.flatMap((key) => {
      const text = value(key);
      return text === undefined || text === '' ? [] : [[key, text] as const];
    }),
  );
}
