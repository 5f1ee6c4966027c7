import type { CpgAddress } from '../codec/cpg/address.ts';

/** As a key, and as errors show it. */
export function keyOf({ nodeId, pid }: CpgAddress): string {
  return `${nodeId}:${pid}`;
}

/** Who of the one list is not in the other. */
export function without(list: readonly CpgAddress[], others: readonly CpgAddress[]): CpgAddress[] {
  const known = new Set(others.map(keyOf));
  return list.filter((address) => !known.has(keyOf(address)));
}
