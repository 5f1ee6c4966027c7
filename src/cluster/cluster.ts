import type { ClusterState } from './cluster-state.ts';
import type { ClusterSnapshotOptions } from './options.ts';
import { snapshot } from './snapshot.ts';

/** The cluster as one picture, made of what all services of corosync tell. It changes nothing. */
export interface ClusterApi {
  /**
   * What the cluster is now, for scripts: connects to the services, asks each once, and leaves nothing behind. A cluster that changes while it is read is
   * read up to three times; `freshness` says whether it has settled.
   * @throws CsError and ConnectionError as `CmapClient.connect`; CsError CS_ERR_TIMEOUT: `timeoutMs`, which is for all of it, is up; CS_ERR_INVALID_PARAM: an
   *   option is wrong. An abort rejects with the signal's reason.
   */
  snapshot(options?: ClusterSnapshotOptions): Promise<ClusterState>;
}

/** The cluster as one picture, made of what all services of corosync tell. */
export const Cluster: ClusterApi = Object.freeze({ snapshot });
