/** A listener's mistake is its owner's: it surfaces as an uncaught exception, and the other events still get delivered. */
export function callListener<E>(listener: (event: E) => void, event: E): void {
  try {
    listener(event);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
