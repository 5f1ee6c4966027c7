import { object } from '../options/rules.ts';
import { PLACE_RULES, type ConnectOptions } from '../service/index.ts';

/** How to reach corosync, and how long to wait. Everything has a default that suits a local corosync. */
export type ClusterSnapshotOptions = Pick<
  ConnectOptions,
  | 'socketDirectory'
  | 'sharedMemoryDirectory'
  | 'signal'
  | 'timeoutMs'
  | 'tryAgainAttempts'
  | 'tryAgainDelayMs'
>;

const DEFAULTS = { timeoutMs: 30_000 } as const;

export const snapshotRule = object<ClusterSnapshotOptions, typeof DEFAULTS>('a snapshot', PLACE_RULES, {
  defaults: DEFAULTS,
});
