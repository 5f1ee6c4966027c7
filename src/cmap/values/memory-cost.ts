import type { CmapValue } from '../../codec/cmap/value.ts';

/*
 * Measured with Node 20 on 64 bits: what the heap, the buffers and the process grew by for each of 20,000 queued notifications.
 * test/cmap/values/memory-cost.test.ts measures again.
 */

/** The event, its place in the queue, and the head of its key. */
const CHANGE_COST = 144;
/** An object with type and value, and a number that has a place of its own. */
const VALUE_COST = 48;
const TEXT_COST = 16;
/** An array with a buffer of its own costs this much beside its bytes, half of it outside of the heap. */
const BYTES_COST = 400;

/** Bytes of memory that an unread change takes, roughly: the objects count as well, for a flood of empty values must be bounded, too. */
export function costOfChange(change: {
  readonly key: string;
  readonly newValue: CmapValue | undefined;
  readonly oldValue: CmapValue | undefined;
}): number {
  const { key, newValue, oldValue } = change;
  return CHANGE_COST + key.length + costOfValue(newValue) + costOfValue(oldValue);
}

function costOfValue(value: CmapValue | undefined): number {
  if (value === undefined) return 0;
  if (value.type === 'string') return VALUE_COST + costOfText(value.value) + costOfBytes(value.bytes);
  if (value.type === 'binary' || value.type === 'unknown') return VALUE_COST + costOfBytes(value.value);
  return VALUE_COST;
}

/** V8 keeps a text in one byte for each character if all of them are Latin-1, and otherwise in two. */
function costOfText(text: string): number {
  return TEXT_COST + text.length * (/[^\0-\xff]/.test(text) ? 2 : 1);
}

function costOfBytes(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : BYTES_COST + bytes.length;
}
