import { CS_ERROR_CODES, ConnectionError, CsError } from '../../errors/index.ts';
import { DIRECTORY_VARIABLES } from '../directories.ts';
import { isWrongOption } from '../arguments/wrong-option.ts';
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
  const first = firstOf(error);
  if (first instanceof CsError) return first.code;
  return first instanceof Error ? first.message : String(first);
}

/** A call after the end fails as the one before did: libcmap knows no CS_ERR_BAD_HANDLE for that. */
function firstOf(error: unknown): unknown {
  const again = error instanceof ConnectionError && error.cause instanceof ConnectionError;
  return again ? firstOf(error.cause) : error;
}

/** For `catch`: ends the run with what failed, and the code's name. */
export function failing(what: ByteString): (error: unknown) => never {
  return (error) => {
    throw new ToolFailure(`${what}: ${errorText(error)}`);
  };
}

/** The same as a number, which some C tools print. */
export function errorNumber(error: unknown): number {
  const first = firstOf(error);
  return CS_ERROR_CODES[first instanceof CsError ? first.code : 'CS_ERR_LIBRARY'];
}

/** What is wrong with our environment variables, of which the C tools know nothing, in full; `undefined` if the error is another. */
export function ownMistake(error: unknown): ByteString | undefined {
  if (!isWrongOption(error)) return undefined;
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
