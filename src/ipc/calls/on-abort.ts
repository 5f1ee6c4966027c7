/** The callbacks of one signal, behind one listener. */
interface AbortGroup {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const groups = new WeakMap<AbortSignal, AbortGroup>();

/**
 * Calls back once when `signal` aborts, and returns how to stop that. However many calls share a signal, it gets one listener:
 * Node warns of a leak from the eleventh on, and pipelined calls are many. The listener goes with the last callback.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const group = groups.get(signal) ?? newGroup(signal);
  group.callbacks.add(callback);
  return () => {
    if (!group.callbacks.delete(callback) || group.callbacks.size > 0) return;
    signal.removeEventListener('abort', group.listener);
    groups.delete(signal);
  };
}

function newGroup(signal: AbortSignal): AbortGroup {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    groups.delete(signal);
    for (const callback of callbacks) callback();
    callbacks.clear();
  };
  const group = { callbacks, listener };
  groups.set(signal, group);
  signal.addEventListener('abort', listener, { once: true });
  return group;
}
