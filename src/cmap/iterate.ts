import { GetRequest } from '../codec/cmap/get.ts';
import {
  IterFinalizeRequest,
  IterInitRequest,
  IterNextRequest,
  type CmapKeyInfo,
} from '../codec/cmap/iterate.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import type { RequestMessage } from '../codec/message.ts';
import type { SubmitOptions } from '../ipc/index.ts';
import { CsError } from '../errors/index.ts';

/** A key with its value. */
export interface CmapEntry {
  readonly key: string;
  readonly value: CmapValue;
}

export type IterationSubmitOptions<T> = Pick<SubmitOptions<T>, 'onAnswer' | 'onAbandonedAnswer' | 'urgent'>;

/** What an iteration needs of its client. */
export interface IterationCalls {
  submit<T>(message: RequestMessage<T>, options?: IterationSubmitOptions<T>): Promise<T>;
  /** Without the caller's signal and deadline: for giving back what the server holds. */
  release(message: RequestMessage<void>): Promise<void>;
  /** For a value that outgrew the size that the iterator stated. */
  get(key: string): Promise<CmapValue>;
}

/** Keys asked for at once: few at first, for a short prefix costs no more than it must; then whole batches. */
const FIRST_WINDOW = 8;
const LAST_WINDOW = 64;

/** cmap_iter_init, then cmap_iter_next a window at a time (past the end corosync just says so), then cmap_iter_finalize. */
export async function* iterateKeys(calls: IterationCalls, prefix: string): AsyncGenerator<CmapKeyInfo, void> {
  for await (const window of windows(calls, prefix, (keys) => Promise.resolve(keys))) yield* window;
}

/** The same, and the values are fetched in one batch with the keys of the next window. Keys deleted meanwhile are left out. */
export async function* iterateEntries(
  calls: IterationCalls,
  prefix: string,
): AsyncGenerator<CmapEntry, void> {
  const fetchAll = async (keys: CmapKeyInfo[]): Promise<(CmapEntry | undefined)[]> =>
    Promise.all(keys.map((info) => fetchEntry(calls, info)));
  for await (const window of windows(calls, prefix, fetchAll)) {
    for (const entry of window) if (entry !== undefined) yield entry;
  }
}

async function* windows<T>(
  calls: IterationCalls,
  prefix: string,
  fetch: (keys: CmapKeyInfo[]) => Promise<T[]>,
): AsyncGenerator<T[], void> {
  const finalize = (iterHandle: bigint): Promise<void> => calls.release(new IterFinalizeRequest(iterHandle));
  let first: Promise<CmapKeyInfo[]> = Promise.resolve([]);
  const iterHandle = await calls.submit(new IterInitRequest(prefix), {
    // Until the first iter_next corosync's iterator points to the prefix in the request ring, where the next requests
    // would overwrite it: so nothing may come between (libqb lib/trie.c).
    onAnswer: (handle) => {
      first = nextKeys(calls, handle, FIRST_WINDOW, true);
      first.catch(ignore);
    },
    onAbandonedAnswer: (late) => void finalize(late).catch(ignore),
  });
  let size = FIRST_WINDOW;
  let failed = false;
  try {
    let ahead: Promise<CmapKeyInfo[]> | undefined = first;
    while (ahead !== undefined) {
      const keys: CmapKeyInfo[] = await ahead;
      const fetched = fetch(keys);
      const atEnd = keys.length < size;
      size = Math.min(size * 2, LAST_WINDOW);
      ahead = atEnd ? undefined : nextKeys(calls, iterHandle, size);
      // Whichever of the two fails is reported when it is awaited; neither may fail unheard before that.
      ahead?.catch(ignore);
      yield await fetched;
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    const finalized = finalize(iterHandle).catch(ignore);
    // A caller whose deadline has passed must not wait for a second one.
    if (!failed) await finalized;
  }
}

async function nextKeys(
  calls: IterationCalls,
  iterHandle: bigint,
  count: number,
  urgent = false,
): Promise<CmapKeyInfo[]> {
  const answers = Array.from({ length: count }, () =>
    calls.submit(new IterNextRequest(iterHandle), { urgent }),
  );
  const keys = await Promise.all(answers);
  return keys.filter((info) => info !== undefined);
}

async function fetchEntry(
  calls: IterationCalls,
  { key, valueLength }: CmapKeyInfo,
): Promise<CmapEntry | undefined> {
  try {
    const value = await calls.submit(new GetRequest(key, valueLength));
    return { key, value: value ?? (await calls.get(key)) };
  } catch (error) {
    if (error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST') return undefined;
    throw error;
  }
}

function ignore(): void {
  // The iterator's handle dies with the connection, and an error of the iteration itself has been reported.
}
