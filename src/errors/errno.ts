import type { CsErrorName } from './cs-error-codes.ts';

/**
 * Linux errno numbers that libqb puts, negated, into the connection response,
 * with the `cs_error_t` that corosync's `qb_to_cs_error` makes of each.
 * An errno that is not here is CS_ERR_LIBRARY, as there.
 */
const ERRNOS: readonly (readonly [number, string, CsErrorName])[] = [
  [2, 'ENOENT', 'CS_ERR_NOT_EXIST'],
  [4, 'EINTR', 'CS_ERR_INTERRUPT'],
  [7, 'E2BIG', 'CS_ERR_TOO_BIG'],
  [9, 'EBADF', 'CS_ERR_BAD_HANDLE'],
  [11, 'EAGAIN', 'CS_ERR_TRY_AGAIN'],
  [12, 'ENOMEM', 'CS_ERR_NO_MEMORY'],
  [13, 'EACCES', 'CS_ERR_ACCESS'],
  [16, 'EBUSY', 'CS_ERR_BUSY'],
  [17, 'EEXIST', 'CS_ERR_EXIST'],
  [19, 'ENODEV', 'CS_ERR_NOT_EXIST'],
  [22, 'EINVAL', 'CS_ERR_INVALID_PARAM'],
  [24, 'EMFILE', 'CS_ERR_LIBRARY'],
  [28, 'ENOSPC', 'CS_ERR_NO_SPACE'],
  [38, 'ENOSYS', 'CS_ERR_NOT_SUPPORTED'],
  [42, 'ENOMSG', 'CS_ERR_TRY_AGAIN'],
  [52, 'EBADE', 'CS_ERR_FAILED_OPERATION'],
  [62, 'ETIME', 'CS_ERR_TIMEOUT'],
  [74, 'EBADMSG', 'CS_ERR_MESSAGE_ERROR'],
  [75, 'EOVERFLOW', 'CS_ERR_NAME_TOO_LONG'],
  [90, 'EMSGSIZE', 'CS_ERR_TOO_BIG'],
  [95, 'ENOTSUP', 'CS_ERR_NOT_SUPPORTED'],
  [105, 'ENOBUFS', 'CS_ERR_TRY_AGAIN'],
  [107, 'ENOTCONN', 'CS_ERR_LIBRARY'],
  [110, 'ETIMEDOUT', 'CS_ERR_TRY_AGAIN'],
  [111, 'ECONNREFUSED', 'CS_ERR_LIBRARY'],
];

const BY_NUMBER = new Map(ERRNOS.map(([number, name, code]) => [number, { name, code }]));
const BY_NAME = new Map(ERRNOS.map(([, name, code]) => [name, code]));

/** Maps a negative errno, as libqb sends it, the way corosync's `qb_to_cs_error` does. */
export function errnoToCsError(negativeErrno: number): { errno: string; code: CsErrorName } {
  const known = BY_NUMBER.get(-negativeErrno);
  return known === undefined
    ? { errno: `errno ${-negativeErrno}`, code: 'CS_ERR_LIBRARY' }
    : { errno: known.name, code: known.code };
}

/** The same mapping for the `code` of a Node system error ('ECONNREFUSED', ...). */
export function systemErrorToCsError(error: unknown): { errno: string | undefined; code: CsErrorName } {
  const errno = systemErrorName(error);
  return { errno, code: (errno === undefined ? undefined : BY_NAME.get(errno)) ?? 'CS_ERR_LIBRARY' };
}

/** The name of a system error, for example `'ENOENT'`. */
export function systemErrorName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether it says that nobody listens where one wanted to connect. */
export function isNobodyThere(errno: string | undefined): boolean {
  return errno === 'ECONNREFUSED' || errno === 'ENOENT';
}
