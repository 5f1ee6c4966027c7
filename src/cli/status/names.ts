import type { ClusterNode } from '../../index.ts';

/** As people call a node. */
export function nameOf({ id, name }: Pick<ClusterNode, 'id' | 'name'>): string {
  return name ?? `node ${id}`;
}

/** `3 nodes`, and `1 node`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
