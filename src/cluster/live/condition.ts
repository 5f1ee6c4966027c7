import type { CsError } from '../../errors/index.ts';
import type { ClusterStaleReason } from '../cluster-state.ts';

/** Freshness, without its times. */
export type Condition =
  | { readonly kind: 'stale'; readonly why: ClusterStaleReason; readonly error?: CsError }
  | { readonly kind: 'settling' }
  | { readonly kind: 'fresh' };

/** Whether there is nothing to tell: another error is none. */
export function isSameCondition(one: Condition, other: Condition): boolean {
  return one.kind === other.kind && whyOf(one) === whyOf(other);
}

function whyOf(condition: Condition): ClusterStaleReason | undefined {
  return condition.kind === 'stale' ? condition.why : undefined;
}
