interface RingIdText {
  readonly nodeId?: number | undefined;
  readonly seq: bigint;
}

/** As corosync's tools write it: "1.1a"; without its node where that is not known. */
export function ringText({ nodeId, seq }: RingIdText): string {
  return [...(nodeId === undefined ? [] : [nodeId]), seq].map((part) => part.toString(16)).join('.');
}
