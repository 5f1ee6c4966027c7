import { GetRequest } from '../../codec/cmap/get.ts';
import type { CmapKeyInfo } from '../../codec/cmap/iterate.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { CsError } from '../../errors/index.ts';
import { throwIfAborted } from '../../options/signals.ts';
import { listKeys, type ListCalls } from './list-keys.ts';

/** A key with its value. */
export interface CmapEntry {
  /** Its name. */
  readonly key: string;
  /** Its value, with the type. */
  readonly value: CmapValue;
}

/** What an iteration needs of its client. */
export interface IterationCalls extends ListCalls {
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  /** For a value that outgrew the size that the iterator stated. */
  getWhole(key: string): Promise<CmapValue>;
}

/** Values that are asked for at once: as many as a batch carries. */
const VALUES_AT_ONCE = 128;

/** All keys, which are fetched before the reader gets the first: corosync's iterator must not wait for a reader. */
export async function* iterateKeys(calls: IterationCalls, prefix: string): AsyncGenerator<CmapKeyInfo, void> {
  for (const info of await listKeys(calls, prefix)) {
    throwIfAborted(calls.signal);
    yield info;
  }
}

/** The same, and then the values, a window at a time. Keys deleted meanwhile are left out. */
export async function* iterateEntries(
  calls: IterationCalls,
  prefix: string,
): AsyncGenerator<CmapEntry, void> {
  const keys = await listKeys(calls, prefix);
  let ahead = fetchEntries(calls, keys, 0);
  for (let from = 0; from < keys.length; from += VALUES_AT_ONCE) {
    const fetched = ahead;
    ahead = fetchEntries(calls, keys, from + VALUES_AT_ONCE);
    for (const entry of await fetched) {
      throwIfAborted(calls.signal);
      if (entry !== undefined) yield entry;
    }
  }
}

/** The entries of one window; each that has gone meanwhile is undefined. */
function fetchEntries(
  calls: IterationCalls,
  keys: readonly CmapKeyInfo[],
  from: number,
): Promise<(CmapEntry | undefined)[]> {
  const window = keys.slice(from, from + VALUES_AT_ONCE);
  const fetched = Promise.all(window.map((info) => fetchEntry(calls, info)));
  // It is awaited later, if at all.
  fetched.catch(() => undefined);
  return fetched;
}

async function fetchEntry(
  calls: IterationCalls,
  { key, valueLength }: CmapKeyInfo,
): Promise<CmapEntry | undefined> {
  try {
    const value = await calls.submit(new GetRequest(key, valueLength));
    return { key, value: value ?? (await calls.getWhole(key)) };
  } catch (error) {
    // The caller's own reason may look the same.
    throwIfAborted(calls.signal);
    if (error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST') return undefined;
    throw error;
  }
}
