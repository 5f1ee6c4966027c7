import { CS_ERROR_CODES, ConnectionError, CsError } from '../../errors/index.ts';
import { DIRECTORY_VARIABLES } from '../directories.ts';
import { fromText, type ByteString } from './bytes.ts';
import { strerror } from './libc/strerror.ts';

/** Ends the run with this line on standard error. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';

  readonly line: ByteString;
  readonly exitCode: number;

  constructor(line: ByteString, exitCode = 1) {
    super(line);
    this.line = line;
    this.exitCode = exitCode;
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

/** For `catch`: ends the run with what failed, and the code's name. */
export function failing(what: ByteString): (error: unknown) => never {
  return (error) => {
    throw new ToolFailure(`${what}: ${errorText(error)}`);
  };
}

/** The same as a number, which some C tools print. */
export function errorNumber(error: unknown): number {
  if (error instanceof ConnectionError && error.cause instanceof ConnectionError)
    return errorNumber(error.cause);
  return CS_ERROR_CODES[error instanceof CsError ? error.code : 'CS_ERR_LIBRARY'];
}

/** The C tool knows nothing of our environment variables, so what is wrong with them is told in full. */
export function connectErrorText(error: unknown): ByteString {
  if (!(error instanceof CsError) || error instanceof ConnectionError) return errorText(error);
  if (error.code !== 'CS_ERR_INVALID_PARAM') return errorText(error);
  const text = error.message.slice(error.message.indexOf(error.code));
  const entries = Object.entries(DIRECTORY_VARIABLES);
  return fromText(
    entries.reduce(
      (named, [option, variable]) => named.replace(`: options.${option} `, `: ${variable} `),
      text,
    ),
  );
}

/** Why a file could not be opened, as perror() says it. */
export function systemErrorText(error: unknown): string {
  return strerror(error) ?? errorText(error);
}
