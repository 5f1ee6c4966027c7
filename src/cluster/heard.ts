/** Resolves when all is heard that corosync had told by the answer that has just come: it is read in another turn. */
export function heard(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
