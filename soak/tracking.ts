import { setTimeout as sleep } from 'node:timers/promises';
import { CmapClient, type CmapTracker, type CmapTrackEvent } from '../src/index.ts';
import type { Random } from '../test/helpers/integration/integration-random.ts';
import { wireOf } from '../test/helpers/integration/integration-values.ts';
import { show } from '../test/properties/model.ts';
import { ROOT } from './protocol.ts';
import type { Tally } from './tally.ts';
import type { Work } from './work.ts';

const ABSENT = show(wireOf(undefined));

/**
 * Tracks everybody's keys with readers of different speed. The old value of each notification must be the new value of the
 * last one of that key: so none is missing, none comes twice, and none out of order, but where an overflow says so.
 */
export class Tracking implements Work {
  readonly #random: Random;
  readonly #tally: Tally;
  #client: CmapClient | undefined;
  #readers: Promise<unknown>[] = [];

  constructor(random: Random, tally: Tally) {
    this.#random = random;
    this.#tally = tally;
  }

  async step(): Promise<void> {
    if (this.#client === undefined) await this.#begin();
    await sleep(10);
    if (this.#client?.closed === true || this.#random.below(300) === 0) await this.#end();
  }

  /** No tracker, no connection. */
  rest(): Promise<void> {
    return this.#end();
  }

  stop(): Promise<void> {
    return this.#end();
  }

  async #begin(): Promise<void> {
    try {
      const client = await CmapClient.connect({
        bufferSize: this.#random.pick([65_536, 1_048_576]),
        timeoutMs: 5000,
      });
      this.#client = client;
      this.#tally.count('connects');
      this.#readers = [
        this.#listen(client),
        this.#read(await client.track(ROOT, { prefix: true }), 0),
        this.#read(await client.track(ROOT, { prefix: true, maxQueued: 100 }), 1),
        this.#read(await client.track(ROOT, { prefix: true, maxQueued: 1000, whenLagging: 'coalesce' }), 2),
      ];
      for (const reader of this.#readers) reader.catch(() => undefined); // awaited at the end
    } catch (error) {
      this.#tally.failed('track', error);
      this.#client?.destroy();
      await sleep(20);
    }
  }

  async #end(): Promise<void> {
    await this.#client?.close();
    await Promise.all(this.#readers);
    this.#readers = [];
    this.#client = undefined;
  }

  async #listen(client: CmapClient): Promise<void> {
    const chain = new Chain(this.#tally);
    await client
      .track(ROOT, { prefix: true, listener: (event) => chain.follow(event) })
      .catch((error: unknown) => {
        this.#tally.failed('track', error);
      });
  }

  /** @param pauseMs after every tenth event */
  async #read(tracker: CmapTracker, pauseMs: number): Promise<void> {
    const chain = new Chain(this.#tally);
    try {
      let count = 0;
      for await (const event of tracker) {
        chain.follow(event);
        if (pauseMs > 0 && ++count % 10 === 0) await sleep(pauseMs);
      }
    } catch (error) {
      this.#tally.failed('read a tracker', error);
    }
  }
}

/** What one reader knows of each key. */
class Chain {
  readonly #tally: Tally;
  readonly #values = new Map<string, string>();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  follow(event: CmapTrackEvent): void {
    if (event.kind === 'overflow') {
      this.#tally.count('overflows');
      this.#values.clear();
      return;
    }
    this.#tally.count('notifications', 1 + event.coalesced);
    const known = this.#values.get(event.key);
    const old = show(wireOf(event.oldValue));
    if (known !== undefined && known !== old)
      this.#tally.mismatch(
        `${event.change} of ${event.key}: the old value is ${old}, the last one told was ${known}`,
      );
    const value = show(wireOf(event.newValue));
    // Names are not used twice, so what is gone need not be remembered.
    if (value === ABSENT) this.#values.delete(event.key);
    else this.#values.set(event.key, value);
  }
}
