import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import type { CmapEntry } from '../iteration/iterate.ts';
import { sameValue } from './same-value.ts';

/** A change of what is known of a key. */
export interface Change {
  readonly key: string;
  readonly oldValue: CmapValue | undefined;
  readonly newValue: CmapValue | undefined;
}

/** What a notification says, whatever map it comes from. */
export interface Told {
  readonly change: CmapChange;
  readonly key: string;
  readonly newValue: CmapValue | undefined;
  readonly oldValue: CmapValue | undefined;
}

/** One key that is being read by itself, and whether a notification has come in between. There may be several of a key. */
export interface Correction {
  readonly key: string;
  overtaken: boolean;
}

/**
 * What is known of the keys that one follower follows.
 *
 * Notifications and answers reach us on two channels, so it is unknown which of the changes told after a value was read it already
 * contains. These rules make the order that corosync had come out:
 * - While the map is read, a notification counts more than what is read of its key.
 * - That lasts until everything has been told that corosync had to tell before its last answer. From then on each notification is news.
 * - One whose old value is not what is known is not told, and its key is a suspect, which somebody reads again: see `suspects` and
 *   `startCorrection`. corosync tells a change that it makes in answer to another one (in a tracker of its own) before that other one; and what
 *   had happened before an answer may come after it, if too much is to be told for waiting.
 */
export class Picture {
  readonly #values = new Map<string, CmapValue>();
  /** While the map is read: the latest news of each key. */
  #news: Map<string, CmapValue | undefined> | undefined;
  readonly #suspects = new Set<string>();
  readonly #corrections = new Map<string, Set<Correction>>();
  readonly #oldValuesAreTold: boolean;

  /** @param oldValuesAreTold false for the stats map, whose notifications carry the new value twice */
  constructor(oldValuesAreTold: boolean) {
    this.#oldValuesAreTold = oldValuesAreTold;
  }

  get values(): ReadonlyMap<string, CmapValue> {
    return this.#values;
  }

  /** Keys with a notification that did not continue from what is known. */
  get suspects(): ReadonlySet<string> {
    return this.#suspects;
  }

  /** The tracker is about to be added, and the map about to be read. */
  startReading(): void {
    this.#news = new Map();
    this.#suspects.clear();
    this.#corrections.clear();
  }

  /** The map has been read, and all is told that happened before the last answer: how it differs from what was remembered, sorted by key. */
  finishReading(read: Iterable<CmapEntry>): Change[] {
    const now = new Map<string, CmapValue | undefined>();
    for (const key of this.#values.keys()) now.set(key, undefined);
    for (const { key, value } of read) now.set(key, value);
    for (const [key, value] of this.#news ?? []) now.set(key, value);
    this.#news = undefined;
    const changes = [...now].map(([key, value]) => this.#put(key, value));
    return changes.filter((change) => change !== undefined).sort(byKey);
  }

  /** The change that a notification makes, if it makes one now. */
  tell(told: Told): Change | undefined {
    const { key } = told;
    for (const correction of this.#corrections.get(key) ?? []) correction.overtaken = true;
    // The stats map tells the last value of a key that goes.
    const newValue = told.change === 'delete' ? undefined : told.newValue;
    if (this.#news !== undefined) {
      this.#news.set(key, newValue);
      return undefined;
    }
    if (sameValue(newValue, this.#values.get(key))) {
      this.#suspects.delete(key);
      return undefined;
    }
    if (this.#isStale(told)) {
      this.#suspects.add(key);
      return undefined;
    }
    return this.#put(key, newValue);
  }

  /** A key is about to be read by itself, because what is told of it does not fit, or is not enough. */
  startCorrection(key: string): Correction {
    const correction = { key, overtaken: false };
    const ofKey = this.#corrections.get(key);
    if (ofKey === undefined) this.#corrections.set(key, new Set([correction]));
    else ofKey.add(correction);
    return correction;
  }

  /**
   * The key has been read, `undefined` if it is not there. The answer is of no use if a notification came in between, which may be
   * older or newer: then the key must be read once more.
   */
  finishCorrection(
    correction: Correction,
    value: CmapValue | undefined,
  ): { usable: boolean; change?: Change | undefined } {
    const { key, overtaken } = correction;
    const ofKey = this.#corrections.get(key);
    const isCurrent = ofKey?.delete(correction) === true;
    if (ofKey?.size === 0) this.#corrections.delete(key);
    if (!isCurrent || overtaken) return { usable: false };
    this.#suspects.delete(key);
    if (this.#news === undefined) return { usable: true, change: this.#put(key, value) };
    this.#news.set(key, value);
    return { usable: true };
  }

  #put(key: string, newValue: CmapValue | undefined): Change | undefined {
    const oldValue = this.#values.get(key);
    if (sameValue(oldValue, newValue)) return undefined;
    if (newValue === undefined) this.#values.delete(key);
    else this.#values.set(key, newValue);
    return { key, oldValue, newValue };
  }

  /** corosync tells some changes that it makes itself without the old value; of those nothing can be said. */
  #isStale({ change: event, key, oldValue }: Told): boolean {
    if (!this.#oldValuesAreTold) return false;
    const oldIsKnown = event === 'add' || oldValue !== undefined;
    return oldIsKnown && !sameValue(oldValue, this.#values.get(key));
  }
}

export function changeOf({ oldValue, newValue }: Change): CmapChange {
  if (newValue === undefined) return 'delete';
  return oldValue === undefined ? 'add' : 'modify';
}

function byKey(one: Change, other: Change): number {
  return one.key < other.key ? -1 : 1;
}
