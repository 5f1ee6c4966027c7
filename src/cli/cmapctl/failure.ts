import { ConnectionError, CsError } from '../../errors/index.ts';
import type { ByteString } from './bytes.ts';
import { strerror } from './strerror.ts';

/** Ends the run with this line on standard error and exit code 1. */
export class CmapctlFailure extends Error {
  override readonly name = 'CmapctlFailure';

  readonly line: ByteString;

  constructor(line: ByteString) {
    super(line);
    this.line = line;
  }
}

/** What the C tool prints behind "Error": its cs_strerror() gives the code's name. */
export function errorText(error: unknown): string {
  // A call after the end fails as the one before did: libcmap knows no CS_ERR_BAD_HANDLE for that.
  if (error instanceof ConnectionError && error.cause instanceof ConnectionError)
    return errorText(error.cause);
  if (error instanceof CsError) return error.code;
  return error instanceof Error ? error.message : String(error);
}

/** Why a file could not be opened, as perror() says it. */
export function systemErrorText(error: unknown): string {
  return strerror(error) ?? errorText(error);
}
