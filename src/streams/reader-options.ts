import { callable, integer, type RulesOf } from '../options/rules.ts';

/** How events reach their reader. */
export interface ReaderOptions<E> {
  /** Called for each event in the turn in which it arrives. What has a listener cannot be iterated. */
  readonly listener?: ((event: E) => void) | undefined;
  /** How many unread events are kept for a reader that lags, 1 to 1048576. Default 1024. */
  readonly maxQueued?: number | undefined;
}

/** Reader options that have been checked. */
export interface CheckedReaderOptions<E> extends ReaderOptions<E> {
  readonly maxQueued: number;
}

/** The rules for them, for options that have more. */
export function readerRules<E>(): RulesOf<ReaderOptions<E>> {
  return { listener: callable(), maxQueued: integer(1, 1_048_576) };
}

export const READER_DEFAULTS = { maxQueued: 1024 } as const;
