import { malformed } from './malformed.ts';
import type { MessageReader } from './message-reader.ts';

/** A 32-bit 0 or 1. Whether a cluster is quorate is not guessed from anything else. */
export function decodeBoolean(from: MessageReader, offset: number): boolean {
  const value = from.u32(offset);
  if (value > 1) throw malformed(`${value} at ${offset}, where 0 or 1 was expected`);
  return value === 1;
}
