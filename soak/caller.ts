import { setTimeout as sleep } from 'node:timers/promises';
import { CmapClient, CsError, type CallOptions, type CmapValue } from '../src/index.ts';
import type { Random } from '../test/helpers/integration/integration-random.ts';
import { wireOf } from '../test/helpers/integration/integration-values.ts';
import { show } from '../test/properties/model.ts';
import { ROOT } from './protocol.ts';
import { ABORTED, type Tally } from './tally.ts';
import { randomValue } from './values.ts';
import type { Work } from './work.ts';

const MOST_KEYS = 50;
const CALL_TIMEOUT_MS = 5000;
const ABSENT = 'absent';

/**
 * Makes random calls on keys of its own, of which it knows the values: one, or, after a call that was given up, several that
 * are possible. A deleted key's name is not used again: corosync can lose a key that is set again while an iterator rests on it.
 */
export class Caller implements Work {
  readonly #prefix: string;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #known = new Map<string, ReadonlySet<string>>();
  #client: CmapClient | undefined;
  #made = 0;

  constructor(name: string, random: Random, tally: Tally) {
    this.#prefix = `${ROOT}${name}.`;
    this.#random = random;
    this.#tally = tally;
  }

  async step(): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    if (client === undefined) return sleep(20);
    if (client.closed) {
      this.#forget();
      return;
    }
    const dice = this.#random.below(100);
    if (dice < 45) await this.#batch(client, 1 + this.#random.below(8));
    else if (dice < 70) await this.#batch(client, 1 + this.#random.below(200));
    else if (dice < 80) await this.#iterate(client);
    else if (dice < 88) await this.#comeAndGo();
    else if (dice < 93) await this.#flood(client);
    else if (dice < 96) await sleep(this.#random.below(20));
    else if (dice < 98) await this.#leave(client);
    else await this.#batch(client, 1 + this.#random.below(20), { timeoutMs: this.#random.below(3) });
  }

  /** Leaves no connection, so that the footprint is always the same. */
  async rest(): Promise<void> {
    if (this.#client !== undefined) await this.#leave(this.#client);
  }

  stop(): Promise<void> {
    return this.rest();
  }

  async #connect(): Promise<CmapClient | undefined> {
    try {
      this.#client = await CmapClient.connect({
        bufferSize: this.#random.pick([65_536, 131_072, 1_048_576]),
        timeoutMs: CALL_TIMEOUT_MS,
        tryAgainDelayMs: 20,
      });
      this.#tally.count('connects');
      return this.#client;
    } catch (error) {
      this.#tally.failed('connect', error);
      return undefined;
    }
  }

  /** Whether its keys are still there after the end of a connection depends on who ended it. */
  #forget(): void {
    this.#known.clear();
    this.#client = undefined;
  }

  async #leave(client: CmapClient): Promise<void> {
    if (this.#random.below(2) === 0) await client.close();
    else client.destroy();
    this.#forget();
  }

  /** Calls of one turn, on different keys, so that each one's outcome is known. */
  async #batch(client: CmapClient, count: number, options: CallOptions = {}): Promise<void> {
    const abort = this.#random.below(12) === 0 ? new AbortController() : undefined;
    const all = { ...options, ...(abort === undefined ? {} : { signal: abort.signal }) };
    const keys = this.#someKeys(count);
    const calls = keys.map((key) => this.#call(client, key, all));
    if (abort !== undefined) {
      if (this.#random.below(2) === 0) await sleep(this.#random.below(3));
      abort.abort(ABORTED);
    }
    await Promise.all(calls);
  }

  /** Known keys and new ones. */
  #someKeys(count: number): string[] {
    const known = [...this.#known.keys()].filter(() => this.#random.below(3) > 0);
    const wanted = Math.min(count, MOST_KEYS) - known.length;
    const room = MOST_KEYS - this.#known.size;
    const fresh = Array.from({ length: Math.max(Math.min(wanted, room), 0) }, () => this.#newKey());
    return [...known, ...fresh].slice(0, count);
  }

  #newKey(): string {
    this.#made += 1;
    return `${this.#prefix}${this.#made}`;
  }

  async #call(client: CmapClient, key: string, options: CallOptions): Promise<void> {
    const known = this.#known.get(key);
    const dice = this.#random.below(10);
    if (known === undefined || dice < 5) return this.#set(client, key, randomValue(this.#random), options);
    if (dice < 9) return this.#get(client, key, options);
    return this.#delete(client, key, options);
  }

  async #set(client: CmapClient, key: string, value: CmapValue, options: CallOptions): Promise<void> {
    const before = this.#known.get(key) ?? new Set([ABSENT]);
    const after = show(wireOf(value));
    this.#known.set(key, new Set([...before, after]));
    if (await this.#done('set', client.set(key, value, options))) this.#known.set(key, new Set([after]));
  }

  /** It is not asked for again: while somebody's iterator rests on it, corosync still has it. */
  async #delete(client: CmapClient, key: string, options: CallOptions): Promise<void> {
    const known = this.#known.get(key);
    this.#known.delete(key);
    try {
      await client.delete(key, options);
      this.#tally.count('CS_OK');
    } catch (error) {
      const absent =
        error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST' && known?.has(ABSENT) === true;
      if (absent) this.#tally.count('CS_ERR_NOT_EXIST');
      else this.#tally.failed('delete', error);
    }
  }

  async #get(client: CmapClient, key: string, options: CallOptions): Promise<void> {
    const possible = this.#known.get(key);
    let seen = ABSENT;
    try {
      seen = show(wireOf(await client.get(key, options)));
      this.#tally.count('CS_OK');
    } catch (error) {
      const absent = error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST';
      if (!absent) {
        this.#tally.failed('get', error);
        return;
      }
      this.#tally.count('CS_ERR_NOT_EXIST');
    }
    if (possible?.has(seen) === false)
      this.#tally.mismatch(`get ${key}: ${seen}, expected ${[...possible].join(' or ')}`);
    this.#known.set(key, new Set([seen]));
  }

  async #done(operation: string, call: Promise<unknown>): Promise<boolean> {
    try {
      await call;
      this.#tally.count('CS_OK');
      return true;
    } catch (error) {
      this.#tally.failed(operation, error);
      return false;
    }
  }

  /** Own keys must be there; others' come and go. */
  async #iterate(client: CmapClient): Promise<void> {
    const whole = this.#random.below(4) === 0;
    const leaveAfter = this.#random.below(4) === 0 ? this.#random.below(30) : Infinity;
    const seen = new Map<string, string>();
    try {
      for await (const { key, value } of client.entries(whole ? '' : this.#prefix)) {
        if (seen.size >= leaveAfter) break;
        seen.set(key, show(wireOf(value)));
      }
    } catch (error) {
      this.#tally.failed('iterate', error);
      return;
    }
    this.#tally.count('iterations');
    if (leaveAfter !== Infinity) return;
    for (const [key, possible] of this.#known) {
      const value = seen.get(key) ?? ABSENT;
      if (!possible.has(value))
        this.#tally.mismatch(`iterate: ${key} is ${value}, expected ${[...possible].join(' or ')}`);
    }
  }

  /** Another connection that does not stay. */
  async #comeAndGo(): Promise<void> {
    const impatient = this.#random.below(3) === 0;
    const abort = new AbortController();
    if (impatient) setTimeout(() => abort.abort(ABORTED), this.#random.below(4));
    let client: CmapClient;
    try {
      client = await CmapClient.connect({
        bufferSize: 65_536,
        timeoutMs: CALL_TIMEOUT_MS,
        signal: abort.signal,
      });
    } catch (error) {
      this.#tally.failed('connect', error);
      return;
    }
    this.#tally.count('connects');
    const asked = this.#done('get', client.get('totem.version'));
    if (this.#random.below(2) === 0) await client.close();
    else await asked.then(() => client.destroy());
    await asked;
  }

  /** Thousands of changes at once: corosync has as many notifications to send. */
  async #flood(client: CmapClient): Promise<void> {
    const count = 100 + this.#random.below(1500);
    const key = this.#newKey();
    await this.#set(client, key, { type: 'uint32', value: 0 }, {});
    const calls = Array.from({ length: count }, () => this.#done('increment', client.increment(key)));
    const done = (await Promise.all(calls)).filter(Boolean).length;
    if (done === count) this.#known.set(key, new Set([show(wireOf({ type: 'uint32', value: count }))]));
    else this.#known.delete(key);
  }
}
