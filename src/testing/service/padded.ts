import { MessageReader } from '../../codec/message-reader.ts';

/**
 * A request as corosync's handlers see it: a struct in a ring, read without a look at how much was sent. What the client has not sent
 * reads as zeros here, and as what was in the ring there.
 */
export function padded(request: Buffer, size: number): MessageReader {
  if (request.length >= size) return new MessageReader(request);
  return new MessageReader(Buffer.concat([request, Buffer.alloc(size - request.length)]));
}
