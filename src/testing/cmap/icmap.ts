import { MAX_VALUE_LENGTH, VALUE_TYPE_CODES } from '../../codec/cmap/value.ts';
import { TRACK_BITS } from '../../codec/cmap/track.ts';
import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type {
  CmapStore,
  StoredValue,
  StoreIterator,
  StoreListener,
  Untrack,
  ValueToSet,
} from './cmap-store.ts';
import { isReadOnlyKey } from './read-only-keys.ts';
import { Trie, type TrieNotifier } from './trie.ts';

const NAME = /^[a-zA-Z0-9._\-/:]{3,255}$/;
const ALL_TRACK_BITS = TRACK_BITS.add | TRACK_BITS.delete | TRACK_BITS.modify | TRACK_BITS.prefix;
const { string: STRING, binary: BINARY, float: FLOAT } = VALUE_TYPE_CODES;

/** Bytes of each type with a fixed size; a type that corosync does not know counts as 0. */
const SIZES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 2,
  5: 4,
  6: 4,
  7: 8,
  8: 8,
  9: 4,
  10: 8,
};

export function typeSize(type: number): number {
  return SIZES[type] ?? 0;
}

/** corosync's configuration map, with the rules of exec/icmap.c. */
export class Icmap implements CmapStore {
  readonly #trie = new Trie<StoredValue>();

  isReadOnly(key: string): boolean {
    return isReadOnlyKey(key);
  }

  set(key: string, value: ValueToSet): CsErrorName {
    const stored = storedForm(value);
    if (stored === undefined) return 'CS_ERR_INVALID_PARAM';
    const old = this.#trie.get(key);
    if (old?.type === stored.type && old.bytes.equals(stored.bytes)) return 'CS_OK';
    if (old === undefined && !NAME.test(key)) return 'CS_ERR_NAME_TOO_LONG';
    this.#trie.put(key, stored);
    return 'CS_OK';
  }

  delete(key: string): CsErrorName {
    const there = this.#trie.get(key) !== undefined && this.#trie.delete(key);
    return there ? 'CS_OK' : 'CS_ERR_NOT_EXIST';
  }

  /** Overflow wraps, as in C. A type that corosync does not know is left alone, without an error. */
  adjust(key: string, step: number): CsErrorName {
    const old = this.#trie.get(key);
    if (old === undefined) return 'CS_ERR_NOT_EXIST';
    if (old.type >= FLOAT && old.type <= BINARY) return 'CS_ERR_INVALID_PARAM';
    const size = typeSize(old.type);
    if (size === 0) return 'CS_OK';
    const bytes = addInteger(old.bytes, size, step);
    return this.set(key, { type: old.type, bytes, length: size });
  }

  get(key: string, room: number): StoredValue | CsErrorName {
    const value = this.#trie.get(key);
    if (value === undefined) return 'CS_ERR_NOT_EXIST';
    return room > 0 && room < value.bytes.length ? 'CS_ERR_INVALID_PARAM' : value;
  }

  iterate(prefix: (() => string) | undefined): StoreIterator {
    const iterator = this.#trie.iterate(prefix);
    return {
      next: () => {
        const entry = iterator.next();
        return entry && { key: entry.key, type: entry.value.type, length: entry.value.bytes.length };
      },
      finalize: () => iterator.finalize(),
    };
  }

  track(key: string | undefined, trackType: number, listener: StoreListener): Untrack | CsErrorName {
    if ((trackType & ~ALL_TRACK_BITS) !== 0) return 'CS_ERR_INVALID_PARAM';
    const notifier = notifierFor<StoredValue>(key, trackType, listener);
    this.#trie.addNotifier(notifier);
    return () => this.#trie.deleteNotifier(notifier);
  }

  entries(): Generator<[string, StoredValue]> {
    return this.#trie.entries();
  }
}

export function notifierFor<T>(
  key: string | undefined,
  trackType: number,
  listener: TrieNotifier<T>['listener'],
): TrieNotifier<T> {
  const recursive = (trackType & TRACK_BITS.prefix) !== 0;
  return { key, events: trackType & ~TRACK_BITS.prefix, recursive, listener };
}

/** A value as it is stored, or undefined if corosync refuses its length. */
function storedForm({ type, bytes, length }: ValueToSet): StoredValue | undefined {
  if (length > MAX_VALUE_LENGTH) return undefined;
  if (type === STRING) {
    const text = Math.max(bytes.indexOf(0), -1);
    const textLength = text === -1 ? bytes.length : text;
    if (length > textLength + 1) return undefined;
    return { type, bytes: Buffer.concat([bytes.subarray(0, Math.min(length, textLength)), Buffer.of(0)]) };
  }
  if (type !== BINARY && typeSize(type) !== length) return undefined;
  const stored = Buffer.alloc(length); // where the message is too short, corosync stores what lies behind it
  bytes.copy(stored, 0, 0, length);
  return { type, bytes: stored };
}

/** Little or big end, the sum of the lowest `size` bytes. */
function addInteger(bytes: Buffer, size: number, step: number): Buffer {
  const wide = Buffer.alloc(8);
  const view = new DataView(wide.buffer, wide.byteOffset);
  bytes.copy(wide, LITTLE_ENDIAN ? 0 : 8 - size);
  view.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0, LITTLE_ENDIAN) + BigInt(step)), LITTLE_ENDIAN);
  return LITTLE_ENDIAN ? wide.subarray(0, size) : wide.subarray(8 - size);
}
