import type { QuorumRingId } from '../../index.ts';

/** As corosync's tools write it: "1.1a"; without its node where that is not known. */
export function ringText({ nodeId, seq }: QuorumRingId): string {
  return [...(nodeId === undefined ? [] : [nodeId]), seq].map((part) => part.toString(16)).join('.');
}
