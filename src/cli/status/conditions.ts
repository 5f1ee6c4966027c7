import type { ClusterState } from '../../index.ts';
import { UsageError } from '../exit-codes.ts';
import { nameOf } from './names.ts';
import { absent } from './verdict.ts';

/** Something that can be waited for. */
export interface Condition {
  /** As it was asked for. */
  readonly words: string;
  /** What is missing; `undefined`: it holds. */
  readonly missing: (state: ClusterState) => string | undefined;
}

/** @throws UsageError: there is no such condition */
export function conditionOf(words: string): Condition {
  const [, member] = /^member=(.+)$/s.exec(words) ?? [];
  if (member !== undefined) return { words, missing: (state) => memberMissing(state, member) };
  const missing = CONDITIONS.get(words);
  if (missing !== undefined) return { words, missing };
  throw new UsageError(`nobody can wait for ${words}: it must be quorate, member=NAME, link-up or whole`);
}

const CONDITIONS: ReadonlyMap<string, Condition['missing']> = new Map([
  ['quorate', quorateMissing],
  ['link-up', linkMissing],
  ['whole', wholeMissing],
]);

function quorateMissing({ quorum: { quorate, votes } }: ClusterState): string | undefined {
  if (quorate) return undefined;
  return votes === undefined
    ? 'the cluster is not quorate'
    : `the cluster is not quorate: ${votes.total} of ${votes.expected} votes, ${votes.needed} needed`;
}

/** By its name, or its id. */
function memberMissing({ nodes }: ClusterState, wanted: string): string | undefined {
  const node = nodes.find(({ name }) => name === wanted) ?? nodes.find(({ id }) => String(id) === wanted);
  if (node === undefined) return `there is no node ${wanted}; the nodes are ${nodes.map(nameOf).join(', ')}`;
  return node.state === 'member' ? undefined : `${nameOf(node)} is no member: ${node.state}`;
}

/** A cluster of one node has none. */
function linkMissing({ links = [], nodes }: ClusterState): string | undefined {
  const isUp = nodes.length === 1 || links.some(({ connected }) => connected);
  return isUp ? undefined : 'no link to another node is up';
}

function wholeMissing(state: ClusterState): string | undefined {
  const missing = absent(state);
  if (missing.length > 0) return `no members: ${missing.map(nameOf).join(', ')}`;
  const down = state.links?.filter(({ connected }) => !connected) ?? [];
  if (down.length > 0)
    return `links are down: ${down.map(({ nodeId, link }) => `${link} to node ${nodeId}`).join(', ')}`;
  return quorateMissing(state);
}
