import { malformed } from './malformed.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

/*
 * struct qb_ipc_request_header (16)      struct qb_ipc_response_header (24)
 *    0  i32  id                             0  i32  id
 *    8  i32  size                           8  i32  size
 *                                          16  i32  error
 * Both are 8-aligned, so four bytes of padding follow each field.
 */
export const RESPONSE_HEADER_SIZE = 24;

export function encodeRequestHeader(
  into: MessageWriter,
  { requestId, size }: { readonly requestId: number; readonly size: number },
): void {
  into.i32(0, requestId);
  into.i32(8, size);
}

export interface ResponseHeader {
  readonly id: number;
  readonly error: number;
}

/** Reads id and error; the size that the header states must be the size that arrived. */
export function decodeResponseHeader(response: MessageReader): ResponseHeader {
  const size = response.i32(8);
  if (size !== response.length) {
    throw malformed(`response header states ${size} bytes, ${response.length} arrived`);
  }
  return { id: response.i32(0), error: response.i32(16) };
}
