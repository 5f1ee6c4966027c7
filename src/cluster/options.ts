import type { ClusterSeverityPolicy } from './events/event-hub.ts';
import { severityPolicyRule } from './events/event-filter.ts';
import { integer, object } from '../options/rules.ts';
import { absolutePath, PLACE_RULES, type ConnectOptions } from '../service/index.ts';
import { backOffRule, type SessionOptions } from '../session/index.ts';

/** How to reach corosync, and how long to wait. Everything has a default that suits a local corosync. */
export interface ClusterSnapshotOptions
  extends
    ConfigFileOption,
    Pick<
      ConnectOptions,
      | 'socketDirectory'
      | 'sharedMemoryDirectory'
      | 'signal'
      | 'timeoutMs'
      | 'tryAgainAttempts'
      | 'tryAgainDelayMs'
    > {}

interface ConfigFileOption {
  /**
   * The configuration file of this corosync, as `corosync -c` has it, to compare it with what it runs with. Default: `/etc/corosync/corosync.conf`, if it
   * describes the same cluster, and none where a `socketDirectory` or a `sharedMemoryDirectory` is given: that may be the corosync of another place.
   */
  readonly configFile?: string | undefined;
}

/** How to reach corosync, and how soon to say that it is silent. Everything has a default that suits a local corosync. */
export interface ClusterOptions
  extends
    ConfigFileOption,
    Pick<SessionOptions, 'socketDirectory' | 'sharedMemoryDirectory' | 'timeoutMs' | 'backOff'> {
  /** Milliseconds without a word of corosync after which the state is stale, 200 to 3600000. It is asked at least twice as often. Default 4000. */
  readonly staleAfterMs?: number | undefined;
  /**
   * How much each event matters; it returns `undefined` where that is as the event says. What it throws surfaces as an uncaught exception, and the event keeps
   * its severity.
   */
  readonly severity?: ClusterSeverityPolicy | undefined;
}

const DEFAULTS = { timeoutMs: 30_000 } as const;

export const snapshotRule = object<ClusterSnapshotOptions, typeof DEFAULTS>(
  'a snapshot',
  { ...PLACE_RULES, configFile: absolutePath },
  {
    defaults: DEFAULTS,
  },
);

const { socketDirectory, sharedMemoryDirectory, timeoutMs } = PLACE_RULES;
const OPEN_DEFAULTS = { ...DEFAULTS, staleAfterMs: 4000 } as const;

export const clusterRule = object<ClusterOptions, typeof OPEN_DEFAULTS>(
  'a cluster',
  {
    socketDirectory,
    sharedMemoryDirectory,
    timeoutMs,
    backOff: backOffRule,
    staleAfterMs: integer(200, 3_600_000),
    severity: severityPolicyRule,
    configFile: absolutePath,
  },
  { defaults: OPEN_DEFAULTS },
);
