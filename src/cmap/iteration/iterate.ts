import { GetRequest } from '../../codec/cmap/get.ts';
import {
  IterFinalizeRequest,
  IterInitRequest,
  IterNextRequest,
  type CmapKeyInfo,
} from '../../codec/cmap/iterate.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import type { RequestMessage } from '../../codec/message.ts';
import { CsError } from '../../errors/index.ts';
import type { SubmitOptions, TransportKind } from '../../ipc/index.ts';
import { throwIfAborted } from '../../options/signals.ts';
import { KeyList } from './key-list.ts';

/** A key with its value. */
export interface CmapEntry {
  /** Its name. */
  readonly key: string;
  /** Its value, with the type. */
  readonly value: CmapValue;
}

export type IterationSubmitOptions<T> = Pick<SubmitOptions<T>, 'onAnswer' | 'onAbandonedAnswer' | 'urgent'>;

/** What an iteration needs of its client. */
export interface IterationCalls {
  readonly transport: TransportKind;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  submit<T>(message: RequestMessage<T>, options?: IterationSubmitOptions<T>): Promise<T>;
  /** Gives back what the server holds, whatever the caller's signal and deadline say: they end the wait for it only. */
  release(message: RequestMessage<void>): Promise<void>;
  /** For a value that outgrew the size that the iterator stated. */
  getWhole(key: string): Promise<CmapValue>;
}

/** Requests made at once: as many as rings carry in one batch, for between two batches the iterator rests. */
const LAST_WINDOW = 128;
/** Datagram sockets carry some ten at a time: few at first, so that a short prefix costs no more than it must. */
const FIRST_WINDOWS = { 'shared-memory': LAST_WINDOW, socket: 8 } as const;

/** Keys that are kept for a reader who is slower than corosync. */
const MOST_AHEAD = 65_536;

/**
 * cmap_iter_init, then cmap_iter_next a window at a time (past the end corosync just says so), then cmap_iter_finalize.
 *
 * All keys are fetched before the reader gets the first, and no other request of this connection comes between. While an iterator rests on a
 * key, libqb's map makes mistakes around it (lib/trie.c, seen on 2.0.6): a key that is deleted stays until the iterator moves, one that is
 * deleted and set again is lost then, one that is deleted twice is freed under the iterator, and adding a key beside it makes it, or what
 * comes after it, come twice and survive its next delete.
 */
export async function* iterateKeys(calls: IterationCalls, prefix: string): AsyncGenerator<CmapKeyInfo, void> {
  for await (const keys of keyLists(calls, prefix)) {
    for (const info of keys) {
      throwIfAborted(calls.signal);
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
        throwIfAborted(calls.signal);
        if (entry !== undefined) yield entry;
      }
    }
  }
}

/** All keys in one list, unless there are more than MOST_AHEAD; the iterator is finalized before the last list is given. */
async function* keyLists(calls: IterationCalls, prefix: string): AsyncGenerator<CmapKeyInfo[], void> {
  const { iterator, first } = await begin(calls, prefix);
  let list = new KeyList();
  let failed = false;
  try {
    for await (const keys of windows(calls, iterator, first)) {
      if (list.size >= MOST_AHEAD) {
        yield list.keys();
        iterator.wanted = MOST_AHEAD;
        list = new KeyList();
      }
      for (const info of keys) list.add(info);
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    iterator.wanted = 0;
    const finalized = finalize(calls, iterator);
    // A caller whose deadline has passed must not wait for a second one.
    if (!failed) await finalized.catch(throwIfGivenUp);
  }
  yield list.keys();
}

interface ServerIterator {
  readonly handle: bigint;
  readonly prefix: string;
  /** How many more keys may be fetched before its reader has taken what there is. */
  wanted: number;
  finalized?: Promise<void>;
}

interface Window {
  /** How many keys were asked for. */
  readonly size: number;
  readonly keys: CmapKeyInfo[];
  /** The one after it, if it has been asked for. */
  readonly next: Promise<Window> | undefined;
}

interface Begun {
  readonly iterator: ServerIterator;
  readonly first: Promise<Window>;
}

async function begin(calls: IterationCalls, prefix: string): Promise<Begun> {
  let begun: Begun | undefined;
  const handle = await calls.submit(new IterInitRequest(prefix), {
    // Until the first iter_next corosync's iterator points to the prefix in the request ring, where the next requests
    // would overwrite it: so nothing may come between (libqb lib/trie.c).
    onAnswer: (answer) => (begun = start(calls, { handle: answer, prefix, wanted: MOST_AHEAD })),
    onAbandonedAnswer: (late) => void finalize(calls, { handle: late, prefix, wanted: 0 }),
  });
  return begun ?? start(calls, { handle, prefix, wanted: MOST_AHEAD });
}

function start(calls: IterationCalls, iterator: ServerIterator): Begun {
  return { iterator, first: fetchWindow(calls, iterator, FIRST_WINDOWS[calls.transport]) };
}

/** Once. */
function finalize(calls: IterationCalls, iterator: ServerIterator): Promise<void> {
  iterator.finalized ??= calls.release(new IterFinalizeRequest(iterator.handle, iterator.prefix));
  iterator.finalized.catch(ignore);
  return iterator.finalized;
}

async function* windows(
  calls: IterationCalls,
  iterator: ServerIterator,
  first: Promise<Window>,
): AsyncGenerator<CmapKeyInfo[], void> {
  let window = await first;
  for (;;) {
    yield window.keys;
    if (window.keys.length < window.size) return;
    window = await (window.next ?? fetchWindow(calls, iterator, nextSize(window.size)));
  }
}

function nextSize(size: number): number {
  return Math.min(size * 2, LAST_WINDOW);
}

/** What comes next is asked for in the turn of the last answer, before anything that is queued, so that nothing of ours comes between. */
function fetchWindow(calls: IterationCalls, iterator: ServerIterator, size: number): Promise<Window> {
  let next: Promise<Window> | undefined;
  const goOn = (info: CmapKeyInfo | undefined): void => {
    iterator.wanted -= size;
    if (info === undefined) void finalize(calls, iterator);
    else if (iterator.wanted > 0) next = fetchWindow(calls, iterator, nextSize(size));
  };
  const answers = Array.from({ length: size }, (_, i) =>
    calls.submit(new IterNextRequest(iterator.handle, iterator.prefix), {
      urgent: 'first',
      onAnswer: i === size - 1 ? goOn : undefined,
    }),
  );
  const window = Promise.all(answers).then((infos) => ({
    size,
    keys: infos.filter((info) => info !== undefined),
    next,
  }));
  // It is awaited later, if at all.
  window.catch(ignore);
  return window;
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
    throwIfAborted(calls.signal);
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
