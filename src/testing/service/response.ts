import { RESPONSE_HEADER_SIZE } from '../../codec/header.ts';
import { MessageWriter } from '../../codec/message-writer.ts';
import { CS_ERROR_CODES, type CsErrorName } from '../../errors/index.ts';

/** An answer or an event of a service with its header; all else is zero. */
export function response(id: number, size: number, error: CsErrorName = 'CS_OK'): MessageWriter {
  const writer = new MessageWriter(Buffer.alloc(size));
  writer.i32(0, id);
  writer.i32(8, size);
  writer.i32(16, CS_ERROR_CODES[error]);
  return writer;
}

/** An answer that is no more than its header. */
export function bareResponse(id: number, error: CsErrorName): Buffer {
  return response(id, RESPONSE_HEADER_SIZE, error).bytes;
}
