import { CS_ERROR_CODES, csErrorName, type CsErrorName } from './cs-error-codes.ts';
import { escapeControls, stringify } from './show.ts';

/**
 * Whether a request reached corosync. `'no'`: it did not, and will not. `'yes'`: corosync has handled it. `'unknown'`: it was on its
 * way, and corosync may have handled it, or may still.
 */
export type Sent = 'no' | 'yes' | 'unknown';

/** What went wrong where; every part that is known ends up in the message. */
export interface CsErrorContext {
  /** The C function that the failed call stands for, for example `'cmap_get'`. */
  readonly operation: string;
  /** The key or prefix that the call was about. */
  readonly key?: string | undefined;
  /** What happened and what to do about it, in words. */
  readonly detail?: string | undefined;
  /** The name of the system error behind it, for example `'EACCES'`. */
  readonly errno?: string | undefined;
  /** Whether the request of the call reached corosync. Default `'no'`: the error was found before it was sent. */
  readonly sent?: Sent | undefined;
  /** The error behind it. */
  readonly cause?: unknown;
}

/**
 * Every failure that this library reports on its own account. (An aborted call rejects with the
 * signal's own reason instead.) A plain `CsError` concerns one call; the connection lives on.
 */
export class CsError extends Error {
  /** `'CsError'` */
  override readonly name: string = 'CsError';
  /** Name of the `cs_error_t`, for example `'CS_ERR_NOT_EXIST'`. */
  readonly code: CsErrorName;
  /** Number of the `cs_error_t`, for example 12. */
  readonly csError: number;
  /** The C function that the failed call stands for, for example `'cmap_get'`. */
  readonly operation: string;
  /** The key or prefix that the call was about. */
  readonly key: string | undefined;
  /** The name of the system error behind it, for example `'EACCES'`. */
  readonly errno: string | undefined;
  /** What happened and what to do about it, in words; the message has it, too. */
  readonly detail: string | undefined;
  /** Whether the call's request reached corosync: with `'no'` it can be made again, whatever it changes. */
  readonly sent: Sent;

  constructor(code: CsErrorName, context: CsErrorContext) {
    super(describe(code, context), context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.csError = CS_ERROR_CODES[code];
    this.operation = context.operation;
    this.key = context.key;
    this.errno = context.errno;
    this.detail = context.detail;
    this.sent = context.sent ?? 'no';
  }
}

/** The connection could not be made, or is gone: whatever waits and every later call fails. */
export class ConnectionError extends CsError {
  override readonly name = 'ConnectionError';

  /** Unless it says otherwise, only an attempt to connect is sure to have sent nothing. */
  constructor(code: CsErrorName, context: CsErrorContext) {
    super(code, { ...context, sent: context.sent ?? (context.operation === 'connect' ? 'no' : 'unknown') });
  }
}

/** Makes the error for a `cs_error_t` number that corosync answered with. */
export function csErrorFromCode(csError: number, context: CsErrorContext): CsError {
  const code = csErrorName(csError);
  if (code !== undefined && code !== 'CS_OK') return new CsError(code, context);
  return new CsError('CS_ERR_LIBRARY', {
    ...context,
    detail: `corosync answered with unknown error ${csError}`,
  });
}

/** Parts of it may come from anywhere: it is safe to print. */
function describe(code: CsErrorName, { operation, key, detail, errno }: CsErrorContext): string {
  const what = key === undefined ? operation : `${operation} ${stringify(key)}`;
  const system = errno === undefined ? '' : `, ${errno}`;
  const why = detail === undefined ? '' : `: ${detail}`;
  return escapeControls(`${what}: ${code} (${CS_ERROR_CODES[code]}${system})${why}`);
}
