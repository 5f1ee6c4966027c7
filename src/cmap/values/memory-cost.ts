import type { CmapValue } from '../../codec/cmap/value.ts';

/** What objects cost beside keys and values, roughly: an empty flood must be bounded, too. */
const FIXED_COST = 128;

/** Bytes that an unread change holds, roughly. */
export function costOfChange(change: {
  readonly key: string;
  readonly newValue: CmapValue | undefined;
  readonly oldValue: CmapValue | undefined;
}): number {
  const { key, newValue, oldValue } = change;
  return FIXED_COST + key.length + costOfValue(newValue) + costOfValue(oldValue);
}

function costOfValue(value: CmapValue | undefined): number {
  if (value?.type === 'string') return value.value.length + (value.bytes?.length ?? 0);
  if (value?.type === 'binary' || value?.type === 'unknown') return value.value.length;
  return 0;
}
