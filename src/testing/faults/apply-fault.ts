import { constants } from 'node:os';
import { MessageWriter } from '../../codec/message-writer.ts';
import { CS_ERROR_CODES, type CsErrorName } from '../../errors/index.ts';
import type { MessageFault, WelcomeFault } from './fault-types.ts';
import { bareResponse } from '../service/response.ts';
import { encodeWelcome, type WelcomeFields } from '../server/welcome.ts';

/** A message as a fault wants it. */
export function spoil(message: Buffer, fault: MessageFault): Uint8Array {
  const { size, id, error, change } = fault;
  if (size === undefined && id === undefined && error === undefined && change === undefined) return message;
  const writer = new MessageWriter(Buffer.from(message));
  if (id !== undefined) writer.i32(0, id);
  if (size !== undefined) writer.i32(8, size);
  if (error !== undefined) writer.i32(16, csErrorNumber(error));
  return change?.(writer.bytes) ?? writer.bytes;
}

/** What corosync answers without a look at the request. */
export function bareError(error: CsErrorName | number): Buffer {
  const writer = new MessageWriter(bareResponse(0, 'CS_ERR_TRY_AGAIN'));
  writer.i32(16, csErrorNumber(error));
  return writer.bytes;
}

function csErrorNumber(error: CsErrorName | number): number {
  return typeof error === 'number' ? error : CS_ERROR_CODES[error];
}

/** A name that Node does not know is no fault that could be added. */
export function errnoNumber(errno: string | number): number {
  return typeof errno === 'number' ? errno : errnoCalled(errno);
}

/** The number of a system error; ENOMEM for any other. */
export function errnoOf(error: unknown): number {
  return errnoCalled(error instanceof Error && 'code' in error ? error.code : undefined);
}

function errnoCalled(name: unknown): number {
  return Object.entries(constants.errno).find(([other]) => other === name)?.[1] ?? constants.errno.ENOMEM;
}

/** The handshake's answer as a fault wants it, in the pieces in which it is sent. */
export function welcomePieces(fields: WelcomeFields, fault: WelcomeFault): Uint8Array[] {
  // What is undefined was left out when the fault was added.
  const answer = encodeWelcome({ ...fields, ...(fault.fields as Partial<WelcomeFields> | undefined) });
  let rest = fault.change?.(answer) ?? answer;
  const pieces: Uint8Array[] = [];
  for (const size of fault.split ?? []) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest].filter((piece) => piece.length > 0);
}
