import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';

/*
 * mar_name_t (264)
 *    0  u16  length
 *    8  u8   value[256]
 */
const VALUE_OFFSET = 8;
const VALUE_SIZE = 256;

/** The most characters a name can have: the server reads it as a C string, so one byte stays NUL. */
export const MAX_NAME_LENGTH = VALUE_SIZE - 1;

/** The text has been checked: single-byte characters, no NUL, at most MAX_NAME_LENGTH. */
export function encodeName(into: MessageWriter, offset: number, text: string): void {
  into.u16(offset, text.length);
  into.latin1(offset + VALUE_OFFSET, text);
}

export function decodeName(from: MessageReader, offset: number): string {
  const length = from.u16(offset);
  if (length > MAX_NAME_LENGTH) throw malformed(`name of ${length} bytes`);
  return from.latin1(offset + VALUE_OFFSET, length);
}
