import type { CmapValue } from '../../codec/cmap/value.ts';
import type { ClusterRoundTrips } from '../figures/figures-state.ts';
import type { LinkName } from '../figures/read-figures.ts';
import type { ClusterAside } from '../picture.ts';
import type { ClusterReports } from '../reports.ts';
import { FlapCounts } from './flap-counts.ts';
import { RoundTrips } from './round-trips.ts';
import { Silences } from './silences.ts';

/** What is known beside the reports of a cluster that is watched. */
export class Aside implements ClusterAside {
  readonly #flaps = new FlapCounts();
  readonly #silences = new Silences();
  readonly #roundTrips = new RoundTrips();
  #figures: ReadonlyMap<string, CmapValue> | undefined;
  #silenceMs: number | undefined;

  get silenceMs(): number | undefined {
    return this.#silenceMs;
  }

  get figures(): ReadonlyMap<string, CmapValue> | undefined {
    return this.#figures;
  }

  get longestSilenceMs(): number | undefined {
    return this.#silences.longestMs(performance.now());
  }

  get roundTrips(): ClusterRoundTrips {
    return this.#roundTrips.histogram;
  }

  flaps(name: LinkName): number | undefined {
    return this.#flaps.of(name);
  }

  /** @param anew by another connection than before */
  read(reports: ClusterReports, anew: boolean): void {
    this.#flaps.note(reports, anew);
  }

  noteFigures(figures: ReadonlyMap<string, CmapValue>): void {
    this.#figures = figures;
  }

  roundTrip(ms: number): void {
    this.#roundTrips.note(ms);
  }

  silence(ms: number): void {
    this.#silences.note(ms, performance.now());
    this.#silenceMs = ms;
  }
}
