import { Deadline } from '../ipc/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import type { ClusterFreshness, ClusterState } from './cluster-state.ts';
import { configFileFor, type ConfigFile } from './drift/config-file.ts';
import { linkNames } from './figures/figures.ts';
import { readFigures } from './figures/read-figures.ts';
import { MapCache } from './map-cache.ts';
import { MembershipWatch } from './membership-watch.ts';
import { snapshotRule, type ClusterSnapshotOptions } from './options.ts';
import { isWithoutToken } from './pace.ts';
import { clusterState } from './picture.ts';
import { readReports } from './read-reports.ts';
import { ClusterServices } from './services.ts';

const SUBJECT = { operation: 'Cluster.snapshot' } as const;
/** A cluster that changes while it is read is read again so often. */
const MOST_READINGS = 3;

export async function snapshot(options: ClusterSnapshotOptions = {}): Promise<ClusterState> {
  const { signal, timeoutMs, configFile, ...connect } = checkOptions(SUBJECT, options, snapshotRule);
  const deadline = new Deadline({ ...SUBJECT, timeoutMs, signal, sent: 'unknown' });
  // One deadline for all that is asked.
  const limits = { signal: deadline.signal, timeoutMs: Infinity };
  try {
    const services = await ClusterServices.connect({ ...connect, ...limits });
    try {
      const file = configFileFor(configFile, connect);
      const state = await readCalm(services, file, limits);
      await services.close();
      return state;
    } catch (error) {
      services.destroy();
      await services.settled();
      throw error;
    }
  } finally {
    deadline.dispose();
  }
}

/** What several services say is one state only if nothing has changed meanwhile. */
async function readCalm(
  services: ClusterServices,
  file: ConfigFile | undefined,
  limits: CallOptions,
): Promise<ClusterState> {
  const watch = await MembershipWatch.start(services.quorum, limits);
  let restlessSince: Date | undefined;
  for (let readings = 1; ; readings += 1) {
    const before = watch.changes;
    const { reports } = await readReports(services, watch, { map: new MapCache(), file }, limits);
    await watch.caughtUp(limits);
    const isCalm = watch.changes === before && watch.settled;
    restlessSince ??= new Date();
    if (!isCalm && readings < MOST_READINGS) continue;
    const figures = await readFigures(services.stats, linkNames(reports.links), limits);
    const freshness: ClusterFreshness = isCalm
      ? { kind: 'fresh', asOf: new Date() }
      : { kind: 'settling', since: restlessSince };
    return withoutToken(clusterState(reports, freshness, { figures }));
  }
}

function withoutToken(state: ClusterState): ClusterState {
  const { silenceMs = 0, tokenMs = Infinity } = state.totem ?? {};
  if (!isWithoutToken(silenceMs, tokenMs, state.quorum.quorate) || state.freshness.kind !== 'fresh')
    return state;
  const since = new Date(state.freshness.asOf.getTime() - silenceMs);
  return Object.freeze({ ...state, freshness: Object.freeze({ kind: 'settling', since }) });
}
