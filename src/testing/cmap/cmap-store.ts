import type { CsErrorName } from '../../errors/index.ts';

/** A value as corosync stores it: its type's number and its bytes, a string's NUL included. */
export interface StoredValue {
  readonly type: number;
  readonly bytes: Buffer;
}

/** A value on its way into a map. */
export interface ValueToSet {
  readonly type: number;
  /** What the message holds from the value's first byte on. */
  readonly bytes: Buffer;
  /** The length that the client states. */
  readonly length: number;
}

export interface KeyInfo {
  readonly key: string;
  readonly type: number;
  readonly length: number;
}

export interface StoreIterator {
  next(): KeyInfo | undefined;
  finalize(): void;
}

export type StoreListener = (
  event: number,
  key: string,
  newValue: StoredValue | undefined,
  oldValue: StoredValue | undefined,
) => void;

/** Stops a tracker. */
export type Untrack = () => void;

/** What a request can do with one of corosync's two maps (exec/cmap.c, struct cmap_map). */
export interface CmapStore {
  isReadOnly(key: string): boolean;
  set(key: string, value: ValueToSet): CsErrorName;
  delete(key: string): CsErrorName;
  adjust(key: string, step: number): CsErrorName;
  /** @param room bytes that the client has for the value; 0 asks for type and length only */
  get(key: string, room: number): StoredValue | CsErrorName;
  /** @param prefix looked at first at the first step; undefined for all keys */
  iterate(prefix: (() => string) | undefined): StoreIterator;
  /** @param trackType sum of TRACK_BITS */
  track(key: string | undefined, trackType: number, listener: StoreListener): Untrack | CsErrorName;
}
