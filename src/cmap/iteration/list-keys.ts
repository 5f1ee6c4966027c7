import {
  IterFinalizeRequest,
  IterInitRequest,
  IterNextRequest,
  type CmapKeyInfo,
} from '../../codec/cmap/iterate.ts';
import type { RequestMessage } from '../../codec/message.ts';
import { CsError } from '../../errors/index.ts';
import type { SubmitOptions } from '../../ipc/index.ts';
import { KeyList } from './key-list.ts';
import type { ListSizes } from './list-sizes.ts';

export type ListSubmitOptions<T> = Pick<SubmitOptions<T>, 'onAnswer' | 'onAbandonedAnswer' | 'urgent'>;

/** What a list needs of its client. */
export interface ListCalls {
  /** Of the lists of this client. */
  readonly sizes: ListSizes;
  /** Requests of a list that go out in one batch. */
  readonly mostTogether: number;
  submit<T>(message: RequestMessage<T>, options?: ListSubmitOptions<T>): Promise<T>;
  /** Gives back what the server holds, whatever the caller's signal and deadline say: they end the wait for it only. */
  release(message: RequestMessage<void>): Promise<void>;
}

/** Where the first guess is too small, the next one is not to be. */
const GROWTH = 8;

/** No map has so many: it bounds what a server can make us keep, at some 200 bytes each. */
const MOST_KEYS = 1_048_576;

/**
 * All keys below a prefix: cmap_iter_init, then cmap_iter_next (past the end corosync just says so), then cmap_iter_finalize.
 *
 * While an iterator rests on a key, libqb's map makes mistakes around it (lib/trie.c, seen on 2.0.6): a key that is deleted stays until the
 * iterator moves, one that is deleted and set again is lost then, one that is deleted twice is freed under the iterator, and adding a
 * key beside it makes it, or what comes after it, come twice and survive its next delete. So whatever fits goes out in one batch, with
 * iter_finalize behind it: corosync does not wait for us while the iterator rests. Where there are more keys than were asked for, the
 * list begins anew, with a larger batch. Only a list that no batch can hold takes several.
 */
export async function listKeys(
  calls: ListCalls,
  prefix: string,
  mostKeys = MOST_KEYS,
): Promise<CmapKeyInfo[]> {
  let expected = calls.sizes.expected(prefix);
  for (;;) {
    const list = await listOnce(calls, { prefix, expected, mostKeys });
    if (list !== undefined) {
      calls.sizes.note(prefix, list.size);
      return list.keys();
    }
    expected *= GROWTH;
  }
}

interface Wanted {
  readonly prefix: string;
  /** How many keys there may be. */
  readonly expected: number;
  /** Where that is too few, how many are asked for before it is given up. */
  readonly mostKeys: number;
}

interface ServerIterator extends Wanted {
  readonly handle: bigint;
  /** All of it in one batch, which ends with iter_finalize. */
  readonly atOnce: boolean;
  /** How many keys were asked for. */
  asked: number;
  finalized?: Promise<void>;
}

interface Window {
  readonly keys: CmapKeyInfo[];
  /** It has the last key. */
  readonly complete: boolean;
  /** The one after it, if it has been asked for. */
  readonly next: Promise<Window> | undefined;
}

interface Begun {
  readonly iterator: ServerIterator;
  readonly first: Promise<Window>;
}

/** `undefined`: there are more keys than were expected, in a list that one batch was to hold. */
async function listOnce(calls: ListCalls, wanted: Wanted): Promise<KeyList | undefined> {
  const { iterator, first } = await begin(calls, wanted);
  const list = new KeyList();
  let complete = false;
  let failed = true;
  try {
    let window: Window | undefined = await first;
    while (window !== undefined) {
      for (const info of window.keys) list.add(info);
      ({ complete } = window);
      window = await window.next;
    }
    if (!complete && !iterator.atOnce) throw tooManyKeys(wanted);
    failed = false;
  } finally {
    const finalized = finalize(calls, iterator);
    // A caller whose deadline has passed must not wait for a second one.
    if (!failed) await finalized.catch(throwIfGivenUp);
  }
  return complete ? list : undefined;
}

async function begin(calls: ListCalls, wanted: Wanted): Promise<Begun> {
  const atOnce = wanted.expected < calls.mostTogether;
  const iteratorOf = (handle: bigint): ServerIterator => ({ ...wanted, handle, atOnce, asked: 0 });
  let begun: Begun | undefined;
  const handle = await calls.submit(new IterInitRequest(wanted.prefix), {
    // Until the first iter_next corosync's iterator points to the prefix in the request ring, where the next requests
    // would overwrite it: so nothing may come between (libqb lib/trie.c).
    onAnswer: (answer) => (begun = start(calls, iteratorOf(answer))),
    onAbandonedAnswer: (late) => void finalize(calls, iteratorOf(late)),
  });
  return begun ?? start(calls, iteratorOf(handle));
}

function start(calls: ListCalls, iterator: ServerIterator): Begun {
  return { iterator, first: fetchWindow(calls, iterator) };
}

/** Once. */
function finalize(calls: ListCalls, iterator: ServerIterator): Promise<void> {
  iterator.finalized ??= calls.release(new IterFinalizeRequest(iterator.handle, iterator.prefix));
  iterator.finalized.catch(ignore);
  return iterator.finalized;
}

/** What comes next is asked for in the turn of the last answer, before anything that is queued, so that nothing of ours comes between. */
function fetchWindow(calls: ListCalls, iterator: ServerIterator): Promise<Window> {
  const size = windowSize(calls, iterator);
  iterator.asked += size;
  let next: Promise<Window> | undefined;
  const goOn = (info: CmapKeyInfo | undefined): void => {
    if (iterator.finalized !== undefined) return;
    if (info === undefined) void finalize(calls, iterator);
    else if (iterator.asked < iterator.mostKeys) next = fetchWindow(calls, iterator);
  };
  const answers = Array.from({ length: size }, (_, i) =>
    calls.submit(new IterNextRequest(iterator.handle, iterator.prefix), {
      urgent: 'first',
      onAnswer: i === size - 1 ? goOn : undefined,
    }),
  );
  if (iterator.atOnce) void finalize(calls, iterator);
  const window = Promise.all(answers).then((infos) => {
    const keys = infos.filter((info) => info !== undefined);
    return { keys, complete: keys.length < size, next };
  });
  // It is awaited later, if at all.
  window.catch(ignore);
  return window;
}

/** As much as a batch carries, as long as not all that is expected has been asked for: all of a list that fits into one. */
function windowSize({ mostTogether }: ListCalls, { expected, asked }: ServerIterator): number {
  const left = expected - asked;
  return left > 0 ? Math.min(left, mostTogether) : mostTogether;
}

function tooManyKeys({ prefix, mostKeys }: Wanted): CsError {
  const detail = `${mostKeys} keys or more start with this prefix: list longer prefixes, one after the other`;
  return new CsError('CS_ERR_TOO_BIG', { operation: 'cmap_iter_next', key: prefix, detail });
}

/** All keys are there: only the caller's own signal or deadline is reason enough not to give them. */
function throwIfGivenUp(error: unknown): void {
  if (!(error instanceof CsError) || error.code === 'CS_ERR_TIMEOUT') throw error;
}

function ignore(): void {
  // The iterator's handle dies with the connection, and an error of the iteration itself has been reported.
}
