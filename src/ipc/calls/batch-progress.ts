import type { Sent } from '../../errors/index.ts';

/** How far corosync is with the requests of a batch, as it counts them itself. */
export interface BatchProgress {
  /** So many it has handled. */
  readonly handled: number;
  /** All behind so many it has not begun with, and never will. */
  readonly begun: number;
}

/** Nothing is known of a batch. */
export const NO_PROGRESS: BatchProgress = { handled: 0, begun: Infinity };

/**
 * Whether corosync has seen a request.
 * @param place in the batch; without one it was never sent
 */
export function sentOf(place: number | undefined, { handled, begun }: BatchProgress): Sent {
  if (place === undefined || place >= begun) return 'no';
  return place < handled ? 'yes' : 'unknown';
}
