import { CsError } from '../../errors/index.ts';

/**
 * Keys that corosync sets again itself while it tells its trackers of a set (exec/main.c, exec/votequorum.c). Who is told
 * after that is told of a value that has been freed by then: corosync crashes (seen on 3.1.7 with corosync-cmapctl
 * alone). Trackers of a prefix are told after; trackers of exactly the key are safe for the second key only.
 */
const NESTED_SET_KEYS: readonly string[] = ['runtime.force_gather', 'quorum.cancel_wait_for_all'];
const UNSAFE_EXACT_KEY = 'runtime.force_gather';

interface Note {
  readonly server: string;
  readonly key: string;
}

/** What this process tracks that covers such a key, and which of them it changes, at which corosync. */
const unsafeTrackers = new Set<Note>();
const changes = new Set<Note>();

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
  if (crashingKeysOf(prefix, isPrefix).length === 0) return () => undefined;
  const change = [...changes].find((noted) => noted.server === server && noted.key.startsWith(prefix));
  if (change !== undefined) {
    const detail =
      `corosync can crash when ${change.key} is changed while a tracker covers it, ` +
      `and this process is changing it; try again when that has been answered`;
    throw new CsError('CS_ERR_BUSY', { operation: 'cmap_track_add', key: prefix, detail });
  }
  return note(unsafeTrackers, { server, key: prefix });
}

/**
 * Notes a change, until the returned function is called: when nothing can come of it any more.
 * @throws CsError CS_ERR_BUSY: it would crash corosync, as far as this process knows. Other processes' trackers cannot be seen.
 */
export function noteChange(operation: string, server: string, key: string): (() => void) | undefined {
  if (!NESTED_SET_KEYS.includes(key)) return undefined;
  const tracker = [...unsafeTrackers].find((noted) => noted.server === server && key.startsWith(noted.key));
  if (tracker !== undefined) {
    const detail =
      `corosync can crash when this key is changed while a tracker covers it, ` +
      `and this process tracks ${JSON.stringify(tracker.key)}; delete that tracker first`;
    throw new CsError('CS_ERR_BUSY', { operation, key, detail });
  }
  return note(changes, { server, key });
}

function note(notes: Set<Note>, noted: Note): () => void {
  notes.add(noted);
  return () => void notes.delete(noted);
}
