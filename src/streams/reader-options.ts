import { CsError, show } from '../errors/index.ts';
import type { OptionNames } from '../options/option-names.ts';

/** How events reach their reader. */
export interface ReaderOptions<E> {
  /** Called for each event in the turn in which it arrives. What has a listener cannot be iterated. */
  readonly listener?: ((event: E) => void) | undefined;
  /** How many unread events are kept for a reader that lags, 1 to 1048576. Default 1024. */
  readonly maxQueued?: number | undefined;
}

export interface ResolvedReaderOptions<E> {
  readonly listener: ((event: E) => void) | undefined;
  readonly maxQueued: number;
}

export const READER_OPTION_NAMES: OptionNames<ReaderOptions<never>> = { listener: true, maxQueued: true };

const MAX_QUEUED = { least: 1, most: 1_048_576, default: 1024 };

/** @throws CsError CS_ERR_INVALID_PARAM: an option is wrong. */
export function resolveReaderOptions<E>(
  operation: string,
  { listener, maxQueued = MAX_QUEUED.default }: ReaderOptions<E>,
): ResolvedReaderOptions<E> {
  const invalid = (detail: string): CsError => new CsError('CS_ERR_INVALID_PARAM', { operation, detail });
  if (listener !== undefined && typeof listener !== 'function')
    throw invalid(`listener is ${show(listener)}; give a function`);
  if (!Number.isInteger(maxQueued) || maxQueued < MAX_QUEUED.least || maxQueued > MAX_QUEUED.most)
    throw invalid(
      `maxQueued is ${show(maxQueued)}; it ranges from ${MAX_QUEUED.least} to ${MAX_QUEUED.most}`,
    );
  return { listener, maxQueued };
}
