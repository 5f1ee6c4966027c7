import { ConnectionError } from '../errors/index.ts';
import { within, type DeadlineOptions } from '../ipc/index.ts';
import type { CallSubject } from '../service/index.ts';

/** Waits for what follows from a request that corosync has taken: whatever happens meanwhile, it was sent. */
export function afterTaken<T>(promise: Promise<T>, options: Omit<DeadlineOptions, 'sent'>): Promise<T> {
  const { operation, key } = options;
  const told = promise.catch((error: unknown) => {
    throw error instanceof ConnectionError ? lostBehind(error, { operation, key }) : error;
  });
  return within(told, { ...options, sent: 'yes' });
}

function lostBehind(error: ConnectionError, subject: CallSubject): ConnectionError {
  const { code, errno } = error;
  const detail = `${error.detail ?? 'the connection is gone'}; the request was taken`;
  return new ConnectionError(code, {
    ...subject,
    errno,
    detail,
    sent: 'yes',
    cause: error.cause ?? error,
  });
}
