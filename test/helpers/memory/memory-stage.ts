import { MessageReader } from '../../../src/codec/message-reader.ts';
import { MessageWriter } from '../../../src/codec/message-writer.ts';
import type { AnyMessage } from '../../../src/codec/message.ts';

const MARGIN = 40;
const DIRT = 0xee;

/** Encodes as the request ring does, into the middle of a buffer full of dirt, which must stay dirty around it. */
export function encodeAmongDirt(message: AnyMessage): Buffer {
  const buffer = Buffer.alloc(MARGIN + message.size + MARGIN, DIRT);
  message.encode(new MessageWriter(buffer).begin(MARGIN, message.size));
  const around = [buffer.subarray(0, MARGIN), buffer.subarray(MARGIN + message.size)];
  if (around.some((side) => side.some((byte) => byte !== DIRT))) {
    throw new Error(`${message.operation} writes outside of its ${message.size} bytes`);
  }
  return buffer.subarray(MARGIN, MARGIN + message.size);
}

/** A reader of `bytes` in the middle of other bytes, so that an over-read gets wrong bytes and not an end. */
export function readerAmongDirt(bytes: Uint8Array): MessageReader {
  const buffer = Buffer.alloc(MARGIN + bytes.length + MARGIN, DIRT);
  buffer.set(bytes, MARGIN);
  return new MessageReader(buffer).moveTo(MARGIN, bytes.length);
}
