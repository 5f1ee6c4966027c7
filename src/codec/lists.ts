import { malformed } from './malformed.ts';
import type { MessageReader } from './message-reader.ts';

/** An event that says how long its lists are has exactly that size: a count is believed only if the bytes are there. */
export function expectSize(event: MessageReader, size: number): void {
  if (event.length !== size) {
    throw malformed(`event of ${event.length} bytes states lists that would make it ${size}`);
  }
}

/** `count` node ids from `offset`, which `expectSize` has found to be there. */
export function decodeNodeIds(from: MessageReader, offset: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from.u32(offset + 4 * index));
}
