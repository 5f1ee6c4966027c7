import type { ClusterConfigDrift, ClusterConfigMistake } from '../figures/figures-state.ts';
import { present } from '../present.ts';
import { COMPARED_KEYS, NODE_KEYS } from './comparable.ts';
import type { NodeSettings, Settings } from './settings.ts';

/** Until when what has been compared was so for certain. */
export interface ComparedAsOf {
  /** The file: it was looked at then. */
  readonly file: Date;
  /** Keys of quorum: they were asked for then. Of all other keys corosync tells. */
  readonly quorum: Date;
}

/** What was found of the file: where it differs from what runs, or that it has a mistake. */
export interface FileFinding {
  readonly drift?: readonly ClusterConfigDrift[];
  readonly mistake?: ClusterConfigMistake;
  readonly asOf: ComparedAsOf;
}

/** Where the file and what runs differ, as far as it is known. */
export interface KnownDrift {
  readonly drift: readonly ClusterConfigDrift[];
  readonly asOf: ComparedAsOf;
}

/** What is wrong in the file, as far as it is known. */
export interface KnownMistake {
  readonly mistake: ClusterConfigMistake | undefined;
  /** The file was looked at then. */
  readonly asOf: Date;
}

/** Where the two differ: in the order of the keys, and then of the nodes. */
export function driftBetween(file: Settings, running: Settings): readonly ClusterConfigDrift[] {
  const ofValues = differences(COMPARED_KEYS, file.values, running.values);
  return Object.freeze([...ofValues, ...ofNodes(file.nodes, running.nodes)].map((one) => Object.freeze(one)));
}

/** Nodes that cannot be told apart are not compared. */
function ofNodes(file: Settings['nodes'], running: Settings['nodes']): readonly ClusterConfigDrift[] {
  if (file === undefined || running === undefined) return [];
  const ids = [...new Set([...file.keys(), ...running.keys()])].sort((one, other) => one - other);
  return ids.flatMap((nodeId) => ofNode(nodeId, file.get(nodeId), running.get(nodeId)));
}

/** Of a node that only one of them has, nothing but that is told. */
function ofNode(
  nodeId: number,
  file: NodeSettings | undefined,
  running: NodeSettings | undefined,
): readonly ClusterConfigDrift[] {
  if (file === undefined || running === undefined) {
    const id = String(nodeId);
    return [
      {
        key: 'nodelist.node.nodeid',
        nodeId,
        ...present('file', file && id),
        ...present('running', running && id),
      },
    ];
  }
  return differences(NODE_KEYS, file, running).map(({ key, ...values }) => ({
    key: `nodelist.node.${key}`,
    nodeId,
    ...values,
  }));
}

function differences(
  keys: readonly string[],
  file: ReadonlyMap<string, string>,
  running: ReadonlyMap<string, string>,
): readonly ClusterConfigDrift[] {
  return keys.flatMap((key) => {
    const [inFile, atRunTime] = [file.get(key), running.get(key)];
    if (isSame(inFile, atRunTime)) return [];
    return [{ key, ...present('file', inFile), ...present('running', atRunTime) }];
  });
}

const INTEGER = /^[+-]?\d+$/;

/** `0300` and `300` are one number. */
function isSame(one: string | undefined, other: string | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return INTEGER.test(one) && INTEGER.test(other) && BigInt(one) === BigInt(other);
}
