/** The joins of this copy of the library, by group. */
const turns = new Map<string, Promise<void>>();

/**
 * Joins one after the other: each counts who is there before it asks. Those of other processes are not kept out, so that it counts again afterwards.
 * @param wait for those before, as long as the caller likes
 */
export async function inJoinTurn<T>(
  group: string,
  wait: (before: Promise<unknown>) => Promise<unknown>,
  join: () => Promise<T>,
): Promise<T> {
  const before = turns.get(group) ?? Promise.resolve();
  const joined = wait(before).then(join);
  // Who gives up while he waits leaves his place to the next, who still waits for those before.
  const over = Promise.allSettled([before, joined]).then(() => undefined); // what has come of them is not kept
  turns.set(group, over);
  try {
    return await joined;
  } finally {
    if (turns.get(group) === over) turns.delete(group);
  }
}
