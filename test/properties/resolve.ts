import type { Call } from './commands.ts';
import { apply, getOutcome, isLong, typedGetOutcome, type Change, type MapModel } from './model.ts';
import { showChange } from './tracker-model.ts';

/** What a caller that gave up (by a signal, a deadline, the end of its connection) knows: nothing. */
export const GAVE_UP = 'gave up';

export interface Resolution {
  readonly map: MapModel;
  /** What each call changed, in order; undefined for one that changed nothing. */
  readonly changes: readonly (Change | undefined)[];
}

/**
 * Finds out what a turn's calls have done. A call that was given up may have taken effect or not; what a witness was told
 * decides. Throws if there is no way in which the calls could have had these outcomes and these witnessed changes.
 */
export function resolve(
  map: MapModel,
  calls: readonly Call[],
  outcomes: readonly string[],
  witnessed: readonly Change[],
): Resolution {
  const search = new Search(
    calls,
    outcomes,
    witnessed.map((change) => showChange(change)),
  );
  const found = search.from(map, [], [map]);
  if (found !== undefined) return found;
  throw new Error(`no way to explain this: ${search.problem}`);
}

class Search {
  problem = '';
  readonly #calls: readonly Call[];
  readonly #outcomes: readonly string[];
  readonly #witnessed: readonly string[];
  #deepest = -1;

  constructor(calls: readonly Call[], outcomes: readonly string[], witnessed: readonly string[]) {
    this.#calls = calls;
    this.#outcomes = outcomes;
    this.#witnessed = witnessed;
  }

  /** @param maps the map before the first call and after each of those done so far */
  from(
    map: MapModel,
    changes: readonly (Change | undefined)[],
    maps: readonly MapModel[],
  ): Resolution | undefined {
    const at = changes.length;
    const call = this.#calls[at];
    if (call === undefined) return this.#atEnd(map, changes, maps);
    const outcome = this.#outcomes[at] ?? 'nothing';
    const effect = apply(map, call);
    const known = outcome !== GAVE_UP;
    if (known && outcome !== effect.outcome && !isLongGet(map, call)) {
      this.#note(at, `call ${at}, ${call.call} ${call.key}: expected ${effect.outcome}, got ${outcome}`);
      return undefined;
    }
    const told = effect.change === undefined ? [] : [showChange(effect.change)];
    const seen = this.#witnessed[changes.filter((change) => change !== undefined).length];
    const explained = told.every((line) => line === seen);
    if (explained) {
      const found = this.from(effect.map, [...changes, effect.change], [...maps, effect.map]);
      if (found !== undefined) return found;
    } else {
      this.#note(
        at,
        `call ${at}, ${call.call} ${call.key}: expected ${told.join()}, the witness saw ${String(seen)}`,
      );
    }
    return known ? undefined : this.from(map, [...changes, undefined], [...maps, map]);
  }

  #atEnd(
    map: MapModel,
    changes: readonly (Change | undefined)[],
    maps: readonly MapModel[],
  ): Resolution | undefined {
    const extra = this.#witnessed[changes.filter((change) => change !== undefined).length];
    if (extra !== undefined) {
      this.#note(this.#calls.length, `the witness saw more: ${extra}`);
      return undefined;
    }
    for (const [at, call] of this.#calls.entries()) {
      const outcome = this.#outcomes[at] ?? 'nothing';
      if (outcome === GAVE_UP || !isLongGet(maps[at] ?? map, call)) continue;
      const possible = maps.slice(at).map((state) => outcomeOf(state, call));
      if (!possible.includes(outcome)) {
        this.#note(at, `call ${at}, ${call.call} ${call.key}: got ${outcome}, none of ${possible.join()}`);
        return undefined;
      }
    }
    return { map, changes };
  }

  #note(at: number, problem: string): void {
    if (at <= this.#deepest) return;
    this.#deepest = at;
    this.problem = problem;
  }
}

/** Asked for twice, it may see what later calls have made of the key. */
function isLongGet(map: MapModel, call: Call): boolean {
  return (call.call === 'get' || call.call === 'typed get') && isLong(map.get(call.key));
}

function outcomeOf(map: MapModel, call: Call): string {
  return call.call === 'typed get' ? typedGetOutcome(map, call.key, call.type) : getOutcome(map, call.key);
}
