/** The sockets of a connection that we have closed. */
export interface ClosedSockets {
  /** Whether corosync has let go of the connection. */
  isOver(): boolean;
  close(): void;
}

const FIRST_DELAY_MS = 1;
/** Four seconds in all, for which also a process waits that has nothing else to do. */
const LAST_DELAY_MS = 2048;
/** After that nobody waits. A corosync that has stood still for longer than this was taken out of the cluster long ago. */
const MOST_MS = 120_000;
/** Connections whose sockets may stay for longer than four seconds. */
const MOST_WAITING = 32;

const waiting = new Set<ClosedSockets>();

/**
 * corosync connects its sockets to ours when it has the first answer and the first event to send; where it finds nobody it tries
 * again for a second, and its main loop with it. So ours stay until it has let go of the connection, also where it stands still.
 */
export function linger(sockets: ClosedSockets, delayMs = FIRST_DELAY_MS): void {
  if (sockets.isOver()) sockets.close();
  else if (delayMs > LAST_DELAY_MS) stay(sockets, MOST_MS);
  else setTimeout(() => linger(sockets, delayMs * 2), delayMs);
}

/** As long as anything else keeps the process: neither package has sockets that would not keep it. */
function stay(sockets: ClosedSockets, leftMs: number): void {
  waiting.add(sockets);
  if (waiting.size > MOST_WAITING) closeOldest();
  const look = (): void => {
    if (!waiting.has(sockets)) return;
    if (sockets.isOver() || leftMs <= 0 || isProcessDone()) close(sockets);
    else stay(sockets, leftMs - LAST_DELAY_MS);
  };
  if (waiting.has(sockets)) setTimeout(look, LAST_DELAY_MS).unref();
}

function closeOldest(): void {
  for (const oldest of waiting) {
    close(oldest);
    return;
  }
}

function close(sockets: ClosedSockets): void {
  waiting.delete(sockets);
  sockets.close();
}

/** Whether nothing but such sockets keeps the process: they are of packages, of which Node does not know. */
function isProcessDone(): boolean {
  return process.getActiveResourcesInfo().length === 0;
}
