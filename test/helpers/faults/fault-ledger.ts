import { CsError } from '../../../src/index.ts';

/** What came of a call: `CS_OK`, the code of its error, or that it was lost and never sent. */
interface Outcome<T> {
  readonly outcome: string;
  readonly value?: T;
  readonly neverSent?: boolean;
}

/** Exact counts of what a client has asked for and been told, to be compared at the end of a fault. */
export class Ledger {
  calls = 0;
  settled = 0;
  /** Answers that belong to another question. */
  wrong = 0;
  /** How calls ended, and how often. */
  readonly outcomes: Record<string, number> = {};
  readonly #acknowledged = new Set<number>();
  readonly #neverSent = new Set<number>();
  readonly #seen: number[] = [];
  #highest = 0;
  #incremented = 0;
  #maybeIncremented = 0;

  /** Makes a call, which may fail as it likes, but only with an error of ours, and must settle. */
  async call<T>(make: () => Promise<T>): Promise<Outcome<T>> {
    this.calls += 1;
    let result: Outcome<T>;
    try {
      result = { outcome: 'CS_OK', value: await make() };
    } catch (error) {
      if (!(error instanceof CsError)) throw error;
      const neverSent = wasNotSent(error);
      const late = error.code === 'CS_ERR_TIMEOUT';
      result = { outcome: neverSent && !late ? 'never sent' : error.code, neverSent };
    }
    this.settled += 1;
    this.outcomes[result.outcome] = (this.outcomes[result.outcome] ?? 0) + 1;
    return result;
  }

  /** A read whose answer is known. */
  async expect<T>(value: T, make: () => Promise<T>): Promise<void> {
    const result = await this.call(make);
    if (result.outcome === 'CS_OK' && result.value !== value) this.wrong += 1;
  }

  /** A set of the counter to the next number. */
  async count(set: (value: number) => Promise<void>): Promise<void> {
    const value = (this.#highest += 1);
    const { outcome, neverSent } = await this.call(() => set(value));
    if (outcome === 'CS_OK') this.#acknowledged.add(value);
    if (neverSent === true) this.#neverSent.add(value);
  }

  /** An increment of the sum. */
  async increment(make: () => Promise<void>): Promise<void> {
    const { outcome, neverSent } = await this.call(make);
    if (outcome === 'CS_OK') this.#incremented += 1;
    else if (neverSent !== true) this.#maybeIncremented += 1;
  }

  /** A notification of the counter. */
  notified(value: number): void {
    this.#seen.push(value);
  }

  get notifications(): number {
    return this.#seen.length;
  }

  /** Acknowledged changes that were not told. */
  get missed(): number {
    const seen = new Set(this.#seen);
    return [...this.#acknowledged].filter((value) => !seen.has(value)).length;
  }

  /** Notifications that came twice, out of order, of nothing that was set, or of what was said to be unsent. */
  get senseless(): number {
    return this.#seen.filter(
      (value, index) =>
        value <= (this.#seen[index - 1] ?? 0) || value > this.#highest || this.#neverSent.has(value),
    ).length;
  }

  /** Whether the sum is what the increments must have made of it. */
  couldBeSum(sum: number): boolean {
    return this.#incremented <= sum && sum <= this.#incremented + this.#maybeIncremented;
  }

  report(): LedgerReport {
    const { calls, settled, wrong, outcomes, notifications, missed, senseless } = this;
    return { calls, settled, wrong, outcomes, notifications, missed, senseless };
  }
}

export interface LedgerReport {
  readonly calls: number;
  readonly settled: number;
  readonly wrong: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly notifications: number;
  readonly missed: number;
  readonly senseless: number;
}

/** Given up, or lost, before corosync had it. */
function wasNotSent({ sent, code, operation }: CsError): boolean {
  return sent === 'no' && operation !== 'connect' && ['CS_ERR_LIBRARY', 'CS_ERR_TIMEOUT'].includes(code);
}
