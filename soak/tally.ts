import { ConnectionError, CsError } from '../src/index.ts';
import type { Counts } from './protocol.ts';

/** Outcomes that a call may have while corosync is stopped, killed, short of memory, or its caller has lost patience. */
const ACCEPTABLE = new Set([
  'CS_ERR_TIMEOUT',
  'CS_ERR_LIBRARY',
  'CS_ERR_BAD_HANDLE',
  'CS_ERR_TRY_AGAIN',
  'CS_ERR_NO_SPACE',
  'CS_ERR_NO_MEMORY',
]);
/** The reason of our own aborts. */
export const ABORTED = new Error('the caller has lost patience');

/** Counts what happens, and reports what must not. */
export class Tally {
  readonly #onMismatch: (what: string) => void;
  #counts: Record<string, number> = {};

  constructor(onMismatch: (what: string) => void) {
    this.#onMismatch = onMismatch;
  }

  count(what: string, times = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + times;
  }

  mismatch(what: string): void {
    this.count('mismatches');
    this.#onMismatch(what);
  }

  /** Counts a failed call. What corosync's troubles cannot explain is a mismatch. */
  failed(operation: string, error: unknown): void {
    if (error === ABORTED) return this.count('aborted');
    if (!(error instanceof CsError)) return this.mismatch(`${operation} failed with ${describe(error)}`);
    this.count(error.code);
    if ((!ACCEPTABLE.has(error.code) && !diedWhileWelcoming(operation, error)) || brokeDown(error))
      this.mismatch(`${operation} failed with ${describe(error)}`);
  }

  /** What has been counted since the last time. */
  take(): Counts {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }
}

/** corosync was killed between its answer and our look at the rings that the answer names. */
function diedWhileWelcoming(operation: string, error: CsError): boolean {
  return operation === 'connect' && error.code === 'CS_ERR_NOT_EXIST' && error.errno === 'ENOENT';
}

/** The other side broke the protocol, or we misread it: no trouble of corosync's explains that. */
function brokeDown(error: CsError): boolean {
  if (!(error instanceof ConnectionError)) return false;
  const { cause } = error;
  return error.code === 'CS_ERR_SECURITY' || (cause instanceof CsError && brokeDown(cause));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
