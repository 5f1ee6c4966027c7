import { GetRequest } from '../codec/cmap/get.ts';
import {
  IterFinalizeRequest,
  IterInitRequest,
  IterNextRequest,
  type CmapKeyInfo,
} from '../codec/cmap/iterate.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import type { RequestMessage } from '../codec/message.ts';
import type { SubmitOptions, Urgency } from '../ipc/index.ts';
import { CsError } from '../errors/index.ts';

/** A key with its value. */
export interface CmapEntry {
  readonly key: string;
  readonly value: CmapValue;
}

export type IterationSubmitOptions<T> = Pick<SubmitOptions<T>, 'onAnswer' | 'onAbandonedAnswer' | 'urgent'>;

/** What an iteration needs of its client. */
export interface IterationCalls {
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  submit<T>(message: RequestMessage<T>, options?: IterationSubmitOptions<T>): Promise<T>;
  /** Gives back what the server holds, whatever the caller's signal and deadline say: they end the wait for it only. */
  release(message: RequestMessage<void>): Promise<void>;
  /** For a value that outgrew the size that the iterator stated. */
  getWhole(key: string): Promise<CmapValue>;
}

/** Requests made at once: few at first, for a short prefix costs no more than it must; then whole batches. */
const FIRST_WINDOW = 8;
const LAST_WINDOW = 128;

/** Keys that are kept for a reader who is slower than corosync. */
const MOST_AHEAD = 65_536;

/**
 * cmap_iter_init, then cmap_iter_next a window at a time (past the end corosync just says so), then cmap_iter_finalize.
 *
 * All keys are fetched before the reader gets the first. While an iterator rests on a key, libqb's map makes mistakes around
 * it (lib/trie.c, seen on 2.0.6): a key that is deleted stays until the iterator moves, one that is deleted and set again is lost then, one
 * that is deleted twice is freed under the iterator, and adding a key beside it makes it come twice and survive its next delete.
 */
export async function* iterateKeys(calls: IterationCalls, prefix: string): AsyncGenerator<CmapKeyInfo, void> {
  for await (const keys of keyLists(calls, prefix)) {
    for (const info of keys) {
      calls.signal?.throwIfAborted();
      yield info;
    }
  }
}

/** The same, and then the values, a window at a time. Keys deleted meanwhile are left out. */
export async function* iterateEntries(
  calls: IterationCalls,
  prefix: string,
): AsyncGenerator<CmapEntry, void> {
  for await (const keys of keyLists(calls, prefix)) {
    let ahead = fetchEntries(calls, keys, 0);
    for (let from = 0; from < keys.length; from += LAST_WINDOW) {
      const fetched = ahead;
      ahead = fetchEntries(calls, keys, from + LAST_WINDOW);
      for (const entry of await fetched) {
        calls.signal?.throwIfAborted();
        if (entry !== undefined) yield entry;
      }
    }
  }
}

/** All keys in one list, unless there are more than MOST_AHEAD; the iterator is finalized before the last list is given. */
async function* keyLists(calls: IterationCalls, prefix: string): AsyncGenerator<CmapKeyInfo[], void> {
  const { iterHandle, first } = await begin(calls, prefix);
  let list: CmapKeyInfo[] = [];
  let last: string | undefined;
  let failed = false;
  try {
    for await (const keys of windows(calls, { iterHandle, prefix }, first)) {
      if (list.length >= MOST_AHEAD) {
        yield list;
        list = [];
      }
      for (const info of keys) {
        if (info.key !== last) list.push(info);
        last = info.key;
      }
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    const finalized = finalize(calls, { iterHandle, prefix });
    // A caller whose deadline has passed must not wait for a second one.
    if (failed) finalized.catch(ignore);
    else await finalized.catch(throwIfGivenUp);
  }
  yield list;
}

interface ServerIterator {
  readonly iterHandle: bigint;
  readonly prefix: string;
}

interface Begun {
  readonly iterHandle: bigint;
  readonly first: Promise<CmapKeyInfo[]>;
}

async function begin(calls: IterationCalls, prefix: string): Promise<Begun> {
  let first: Promise<CmapKeyInfo[]> = Promise.resolve([]);
  const iterHandle = await calls.submit(new IterInitRequest(prefix), {
    // Until the first iter_next corosync's iterator points to the prefix in the request ring, where the next requests
    // would overwrite it: so nothing may come between (libqb lib/trie.c).
    onAnswer: (handle) => {
      first = nextKeys(calls, { iterHandle: handle, prefix }, FIRST_WINDOW, 'first');
      first.catch(ignore);
    },
    onAbandonedAnswer: (late) => void finalize(calls, { iterHandle: late, prefix }).catch(ignore),
  });
  return { iterHandle, first };
}

function finalize(calls: IterationCalls, { iterHandle, prefix }: ServerIterator): Promise<void> {
  return calls.release(new IterFinalizeRequest(iterHandle, prefix));
}

async function* windows(
  calls: IterationCalls,
  iterator: ServerIterator,
  first: Promise<CmapKeyInfo[]>,
): AsyncGenerator<CmapKeyInfo[], void> {
  let size = FIRST_WINDOW;
  let ahead = first;
  for (;;) {
    const keys = await ahead;
    if (keys.length < size) {
      yield keys;
      return;
    }
    size = Math.min(size * 2, LAST_WINDOW);
    ahead = nextKeys(calls, iterator, size);
    // It is awaited later, if at all.
    ahead.catch(ignore);
    yield keys;
  }
}

async function nextKeys(
  calls: IterationCalls,
  { iterHandle, prefix }: ServerIterator,
  count: number,
  urgent: Urgency = false,
): Promise<CmapKeyInfo[]> {
  const answers = Array.from({ length: count }, () =>
    calls.submit(new IterNextRequest(iterHandle, prefix), { urgent }),
  );
  const keys = await Promise.all(answers);
  return keys.filter((info) => info !== undefined);
}

/** The entries of one window; each that has gone meanwhile is undefined. */
function fetchEntries(
  calls: IterationCalls,
  keys: readonly CmapKeyInfo[],
  from: number,
): Promise<(CmapEntry | undefined)[]> {
  const window = keys.slice(from, from + LAST_WINDOW);
  const fetched = Promise.all(window.map((info) => fetchEntry(calls, info)));
  // It is awaited later, if at all.
  fetched.catch(ignore);
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
    calls.signal?.throwIfAborted();
    if (error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST') return undefined;
    throw error;
  }
}

/** All keys are there: only the caller's own signal or deadline is reason enough not to give them. */
function throwIfGivenUp(error: unknown): void {
  if (!(error instanceof CsError) || error.code === 'CS_ERR_TIMEOUT') throw error;
}

function ignore(): void {
  // The iterator's handle dies with the connection, and an error of the iteration itself has been reported.
}
