import { ConnectionError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import type { CallLimits } from '../options/call-options.ts';
import type { CallSubject } from '../service/index.ts';

/** Waits for what follows from a request that corosync has taken: whatever happens meanwhile, it was sent. */
export function afterTaken<T>(
  promise: Promise<T>,
  subject: CallSubject,
  { timeoutMs, signal }: CallLimits,
  more: { readonly startedAt?: number; readonly missing?: () => string } = {},
): Promise<T> {
  const told = promise.catch((error: unknown) => {
    throw error instanceof ConnectionError ? lostBehind(error, subject) : error;
  });
  return within(told, { ...subject, timeoutMs, signal, sent: 'yes', ...more });
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
