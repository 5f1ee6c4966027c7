import { CsError } from '../errors/index.ts';

/**
 * Keys that corosync sets again itself while it tells its trackers of a set (exec/main.c, exec/votequorum.c). Who is told
 * after that is told of a value that has been freed by then: corosync crashes (seen on 3.1.7 with corosync-cmapctl
 * alone). Trackers of a prefix are told after; trackers of exactly the key are safe for the second key only.
 */
const NESTED_SET_KEYS: readonly string[] = ['runtime.force_gather', 'quorum.cancel_wait_for_all'];
const UNSAFE_EXACT_KEY = 'runtime.force_gather';

/** What this process tracks that covers such a key, and at which corosync. */
const unsafeTrackers = new Set<{ readonly server: string; readonly prefix: string }>();

/** The key whose change would crash corosync while such a tracker exists, if there is one. */
export function crashingKeyOf(prefix: string, isPrefix: boolean): string | undefined {
  if (isPrefix) return NESTED_SET_KEYS.find((key) => key.startsWith(prefix));
  return prefix === UNSAFE_EXACT_KEY ? prefix : undefined;
}

/** Notes a tracker of a key, or of all keys that start with it, until the returned function is called. */
export function noteTracker(server: string, prefix: string, isPrefix: boolean): () => void {
  if (crashingKeyOf(prefix, isPrefix) === undefined) return () => undefined;
  const tracker = { server, prefix };
  unsafeTrackers.add(tracker);
  return () => void unsafeTrackers.delete(tracker);
}

/** Refuses a change that would crash corosync, as far as this process knows. Other processes' trackers cannot be seen. */
export function checkNestedSet(operation: string, server: string, key: string): void {
  if (!NESTED_SET_KEYS.includes(key)) return;
  const tracker = [...unsafeTrackers].find(
    (noted) => noted.server === server && key.startsWith(noted.prefix),
  );
  if (tracker === undefined) return;
  const detail =
    `corosync can crash when this key is changed while a tracker covers it, ` +
    `and this process tracks ${JSON.stringify(tracker.prefix)}; delete that tracker first`;
  throw new CsError('CS_ERR_BUSY', { operation, key, detail });
}
