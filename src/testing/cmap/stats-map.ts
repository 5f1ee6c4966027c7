import { TRACK_BITS } from '../../codec/cmap/track.ts';
import { VALUE_TYPE_CODES } from '../../codec/cmap/value.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type { CmapStore, StoredValue, StoreIterator, StoreListener, Untrack } from './cmap-store.ts';
import { notifierFor, typeSize } from './icmap.ts';
import { Trie } from './trie.ts';

const CLEAR = 'stats.clear.';
const SCHEDMISS = 'stats.schedmiss.';
const { string: STRING } = VALUE_TYPE_CODES;

/** What each stats.clear.* key sets to zero; corosync compares only the beginning of the name. */
const CLEARED: Readonly<Record<string, readonly string[]>> = {
  knet: ['stats.knet.'],
  ipc: ['stats.ipcs.'],
  totem: ['stats.srp.', 'stats.pg.'],
  schedmiss: [SCHEDMISS],
  all: ['stats.knet.', 'stats.ipcs.', 'stats.srp.', 'stats.pg.', SCHEDMISS],
};
/** Present state, not counted. */
const NOT_COUNTED = /\.(?:enabled|connected|mtu|procname|active|queued|queueing)$/;

interface Item {
  current: StoredValue;
  /** What it is is found out when somebody looks. */
  readonly live?: true;
}

interface PolledTracker {
  readonly key: string;
  readonly listener: StoreListener;
  /** corosync compares at most 8 bytes, and takes a missing value for zeros. */
  old: Buffer;
}

/**
 * corosync's map of statistics, with the rules of exec/stats.c: keys come and go, their values are only looked at, by
 * clients and by a poll for those who track a single key.
 */
export class StatsMap implements CmapStore {
  readonly #trie = new Trie<Item>();
  readonly #onDanger: (what: string) => void;
  #polled: PolledTracker[] = [];

  /** @param onDanger told of requests that would crash corosync or overrun its memory */
  constructor(onDanger: (what: string) => void) {
    this.#onDanger = onDanger;
  }

  /** What corosync itself does. */
  put(key: string, value: StoredValue): void {
    const item = this.#trie.get(key);
    if (item === undefined || item.live === true) this.#trie.put(key, { current: value });
    else item.current = value;
  }

  /** What is looked at when somebody asks. */
  putLive(key: string, value: () => StoredValue): void {
    this.#trie.put(key, {
      live: true,
      get current() {
        return value();
      },
    });
  }

  remove(key: string): boolean {
    return this.#trie.get(key) !== undefined && this.#trie.delete(key);
  }

  peek(key: string): StoredValue | undefined {
    return this.#trie.get(key)?.current;
  }

  /** stats_trigger_trackers: tells of changed values, with the new one as the old one, too. */
  poll(): void {
    for (const tracker of [...this.#polled]) {
      const value = this.#trie.get(tracker.key)?.current;
      if (value === undefined) continue;
      if (value.type === STRING) this.#onDanger(`tracking the text ${tracker.key} of the stats map`);
      const now = eightBytes(value);
      if (now.subarray(0, value.bytes.length).equals(tracker.old.subarray(0, value.bytes.length))) continue;
      tracker.listener(TRACK_BITS.modify, tracker.key, value, value);
      tracker.old = now;
    }
  }

  isReadOnly(key: string): boolean {
    return !key.startsWith(CLEAR);
  }

  set(key: string): CsErrorName {
    const cleared = Object.keys(CLEARED).filter((name) => key.startsWith(CLEAR + name));
    if (cleared.length === 0) return 'CS_ERR_NOT_SUPPORTED';
    for (const prefix of cleared.flatMap((name) => CLEARED[name] ?? [])) this.#clear(prefix);
    return 'CS_OK';
  }

  delete(): CsErrorName {
    return 'CS_ERR_NOT_SUPPORTED';
  }

  adjust(): CsErrorName {
    return 'CS_ERR_NOT_SUPPORTED';
  }

  /** corosync writes the value whatever the room for it. */
  get(key: string, room: number): StoredValue | CsErrorName {
    const item = this.#trie.get(key);
    if (item === undefined) return 'CS_ERR_NOT_EXIST';
    const { length } = item.current.bytes;
    if (room === 0 && key.startsWith(SCHEDMISS)) this.#onDanger(`asking for the length of ${key}`);
    if (room > 0 && room < length) this.#onDanger(`a get of ${key}, ${length} bytes, with room for ${room}`);
    return item.current;
  }

  /** Texts are told with length 0. */
  iterate(prefix: (() => string) | undefined): StoreIterator {
    const iterator = this.#trie.iterate(prefix);
    return {
      next: () => {
        const entry = iterator.next();
        if (entry === undefined) return undefined;
        const { type } = entry.value.current;
        return { key: entry.key, type, length: typeSize(type) };
      },
      finalize: () => iterator.finalize(),
    };
  }

  track(key: string | undefined, trackType: number, listener: StoreListener): Untrack | CsErrorName {
    const [prefix, adds, deletes] = [TRACK_BITS.prefix, TRACK_BITS.add, TRACK_BITS.delete].map(
      (bit) => (trackType & bit) !== 0,
    );
    if (prefix === true && !(adds === true && deletes === true)) return 'CS_ERR_NOT_SUPPORTED';
    const stopNotifying =
      adds === true || deletes === true ? this.#notify(key, trackType, listener) : undefined;
    const stopPolling = prefix !== true && key !== undefined ? this.#poll(key, listener) : undefined;
    return () => {
      stopNotifying?.();
      stopPolling?.();
    };
  }

  *entries(): Generator<[string, StoredValue]> {
    for (const [key, { current }] of this.#trie.entries()) yield [key, current];
  }

  /** Old and new value are the same; what is kept in the ring of scheduling misses is not told. */
  #notify(key: string | undefined, trackType: number, listener: StoreListener): Untrack {
    const notifier = notifierFor<Item>(key, trackType, (event, name, now, old) => {
      const value = (now ?? old)?.current;
      if (value !== undefined && !name.startsWith('stats.schedmiss')) listener(event, name, value, value);
    });
    this.#trie.addNotifier(notifier);
    return () => this.#trie.deleteNotifier(notifier);
  }

  #poll(key: string, listener: StoreListener): Untrack {
    const value = this.#trie.get(key)?.current;
    if (value?.type === STRING) this.#onDanger(`tracking the text ${key} of the stats map`);
    const tracker = { key, listener, old: value === undefined ? Buffer.alloc(8) : eightBytes(value) };
    this.#polled.unshift(tracker);
    return () => (this.#polled = this.#polled.filter((other) => other !== tracker));
  }

  #clear(prefix: string): void {
    for (const [key, value] of [...this.entries()]) {
      if (!key.startsWith(prefix) || NOT_COUNTED.test(key)) continue;
      if (prefix === SCHEDMISS) this.remove(key);
      else this.put(key, { type: value.type, bytes: Buffer.alloc(value.bytes.length) });
    }
  }
}

function eightBytes({ bytes }: StoredValue): Buffer {
  const eight = Buffer.alloc(8);
  bytes.copy(eight, 0, 0, 8);
  return eight;
}
