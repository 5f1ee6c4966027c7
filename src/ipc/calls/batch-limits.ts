import type { AnyMessage } from '../../codec/message.ts';

/**
 * Most requests in one batch. corosync takes 50 at a wake-up and serves its other clients in between, so the
 * size of a batch does not make them wait; beyond this there is nothing left to gain.
 */
export const MAX_BATCH = 128;

/** The same where no answers take room and time: what is behind them waits for so many at most. */
export const MAX_UNANSWERED = 4096;

/** The same for a list, during which corosync should not wait for us: while its iterator rests, others' changes can do harm. */
export const MAX_LIST = 4096;

/** How many such requests one batch has at most. */
export function mostOf(message: AnyMessage): number {
  if (message.answer === 'never') return MAX_UNANSWERED;
  return isOfList(message) ? MAX_LIST : MAX_BATCH;
}

export function isOfList({ turn }: AnyMessage): boolean {
  return turn === 'list';
}
