import { malformed } from './malformed.ts';
import type { MessageReader } from './message-reader.ts';

/** The bytes behind `text`, which was read from them as UTF-8, if they are not valid UTF-8: `text` then does not say it all. */
export function bytesUnlessUtf8(
  text: string,
  from: MessageReader,
  offset: number,
  length: number,
): Uint8Array | undefined {
  if (!text.includes('\ufffd')) return undefined;
  const bytes = from.copy(offset, length);
  return Buffer.from(text).equals(bytes) ? undefined : bytes;
}

/** The length of the C string in a `char[size]`, which must have room for its NUL. */
export function lengthOfCString(from: MessageReader, offset: number, size: number): number {
  const length = from.lengthToNul(offset, size);
  if (length === size) throw malformed(`text at ${offset} has no end within its ${size} bytes`);
  return length;
}

/** A `char[size]` that holds a C string. */
export function decodeCString(from: MessageReader, offset: number, size: number): string {
  return from.utf8(offset, lengthOfCString(from, offset, size));
}
