import { CsError } from '../../errors/index.ts';
import { SharedNotes } from '../../ipc/index.ts';

/**
 * Keys that corosync sets again itself while it tells its trackers of a set (exec/main.c, exec/votequorum.c). Who is told
 * after that is told of a value that has been freed by then: corosync crashes (seen on 3.1.7 with corosync-cmapctl
 * alone). Trackers of a prefix are told after; trackers of exactly the key are safe for the second key only.
 */
const NESTED_SET_KEYS: readonly string[] = ['runtime.force_gather', 'quorum.cancel_wait_for_all'];
const UNSAFE_EXACT_KEY = 'runtime.force_gather';

/** Bits of a note for the other copies of this library in the process: every version means the same by them. */
const TRACKED: readonly bigint[] = [1n << 0n, 1n << 1n];
const CHANGED: readonly bigint[] = [1n << 8n, 1n << 9n];

interface Note {
  readonly server: string;
  readonly key: string;
}

/** What this copy tracks that covers such a key, and which of them it changes, at which corosync. */
const unsafeTrackers = new Set<Note>();
const changes = new Set<Note>();
/** The same of all copies. */
const shared = new SharedNotes();

/** The keys whose change would crash corosync while such a tracker exists. */
export function crashingKeysOf(prefix: string, isPrefix: boolean): readonly string[] {
  if (isPrefix) return NESTED_SET_KEYS.filter((key) => key.startsWith(prefix));
  return prefix === UNSAFE_EXACT_KEY ? [prefix] : [];
}

/**
 * Notes a tracker of a key, or of all keys that start with it, until the returned function is called.
 * @throws CsError CS_ERR_BUSY: a change of a key that it covers is under way; connections of one process have no common order.
 */
export function noteTracker(server: string, prefix: string, isPrefix: boolean): () => void {
  const keys = crashingKeysOf(prefix, isPrefix);
  if (keys.length === 0) return () => undefined;
  const context = { operation: 'cmap_track_add', key: prefix };
  const change = [...changes].find((noted) => noted.server === server && noted.key.startsWith(prefix));
  const busy = (key: string, who: string): CsError => {
    const detail =
      `corosync can crash when ${key} is changed while a tracker covers it, and ${who} is changing it; ` +
      `try again when that has been answered`;
    return new CsError('CS_ERR_BUSY', { ...context, detail });
  };
  if (change !== undefined) throw busy(change.key, 'this process');
  const forget = makeShared(context, server, bitsOf(keys, TRACKED), bitsOf(keys, CHANGED));
  if (typeof forget === 'string') throw busy(keys.join(' or '), `${forget} of this process`);
  return note(unsafeTrackers, { server, key: prefix }, forget);
}

/**
 * Notes a change, until the returned function is called: when nothing can come of it any more.
 * @throws CsError CS_ERR_BUSY: it would crash corosync, as far as this process knows. Other processes' trackers cannot be seen.
 */
export function noteChange(operation: string, server: string, key: string): (() => void) | undefined {
  if (!NESTED_SET_KEYS.includes(key)) return undefined;
  const context = { operation, key };
  const busy = (who: string): CsError => {
    const detail =
      `corosync can crash when this key is changed while a tracker covers it, and ${who}; ` +
      `delete that tracker first`;
    return new CsError('CS_ERR_BUSY', { ...context, detail });
  };
  const tracker = [...unsafeTrackers].find((noted) => noted.server === server && key.startsWith(noted.key));
  if (tracker !== undefined) throw busy(`this process tracks ${JSON.stringify(tracker.key)}`);
  const forget = makeShared(context, server, bitsOf([key], CHANGED), bitsOf([key], TRACKED));
  if (typeof forget === 'string') throw busy(`${forget} of this process has one`);
  return note(changes, { server, key }, forget);
}

function bitsOf(keys: readonly string[], bits: readonly bigint[]): bigint {
  return keys.reduce((all, key) => all | (bits[NESTED_SET_KEYS.indexOf(key)] ?? 0n), 0n);
}

function makeShared(
  context: { readonly operation: string; readonly key: string },
  server: string,
  bits: bigint,
  conflicting: bigint,
): (() => void) | string {
  try {
    return shared.make(server, bits, conflicting);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const detail = `corosync could crash, for the other threads of this process cannot be looked at: ${message}`;
    throw new CsError('CS_ERR_BUSY', { ...context, detail, cause });
  }
}

function note(notes: Set<Note>, noted: Note, forget: () => void): () => void {
  notes.add(noted);
  return () => {
    notes.delete(noted);
    forget();
  };
}
