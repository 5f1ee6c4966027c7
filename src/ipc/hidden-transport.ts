import type { ConnectionError } from '../errors/index.ts';
import type { Transport } from './transport.ts';

/**
 * Milliseconds for which a hidden connection keeps the process alive. An answer that waits for the cluster takes at most the time in
 * which a token is missed, a membership formed and a quorum device waited for (30 s): a corosync that takes longer stands still.
 */
export const STAY_MS = 60_000;

/**
 * Keeps a connection whose user has done with it, until corosync has given the answer before which it must not end, or has ended.
 * @returns what to call when corosync has ended
 */
export function hideTransport(transport: Transport, error: ConnectionError): () => void {
  const stay = setTimeout(() => transport.unref(), STAY_MS);
  const end = (lost: boolean): void => {
    clearTimeout(stay);
    transport.stop(error);
    transport.removeLeftovers(lost);
  };
  transport.hide(error, () => end(false));
  return () => end(true);
}
