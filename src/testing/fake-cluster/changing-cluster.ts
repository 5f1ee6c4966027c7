import type { FakeCorosync } from '../fake-corosync.ts';

/** What nodes and links need of their cluster. */
export interface ChangingCluster {
  readonly corosync: FakeCorosync;
  /** Something happens to nodes and links, and the local corosync notices, if it runs. @param how nodes that end take their leave */
  change(happens: () => void, how?: { readonly inGoodOrder?: boolean }): void;
}
