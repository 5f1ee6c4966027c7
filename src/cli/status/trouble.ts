import type { ClusterState } from '../../index.ts';
import { explainConnecting } from '../printing/explain.ts';

/** Why nothing is known, where an error is behind it. */
export function troubleOf(freshness: ClusterState['freshness']): string | undefined {
  if (freshness.kind !== 'stale' || freshness.error === undefined) return undefined;
  return explainConnecting(freshness.error);
}
