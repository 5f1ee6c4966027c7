import { setTimeout as sleep } from 'node:timers/promises';
import { CmapSession, type CmapFollower, type CmapFollowEvent } from '../src/index.ts';
import type { Random } from '../test/helpers/integration/integration-random.ts';
import { wireOf } from '../test/helpers/integration/integration-values.ts';
import { show } from '../test/properties/model.ts';
import { FOLLOWED, ROOT, type NamedPicture } from './protocol.ts';
import type { Tally } from './tally.ts';
import { randomValue } from './values.ts';
import type { Work } from './work.ts';

const ABSENT = show(wireOf(undefined));

/** A session that lives as long as its process, through all that happens to corosync, with followers of different speed. */
export class Following implements Work {
  readonly #session = CmapSession.open({
    timeoutMs: 10_000,
    backOff: { firstDelayMs: 20, maxDelayMs: 500, deniedDelayMs: 300 },
  });
  readonly #name: string;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #followed: readonly Followed[];
  readonly #readers: readonly Promise<void>[];

  constructor(name: string, random: Random, tally: Tally) {
    this.#name = name;
    this.#random = random;
    this.#tally = tally;
    this.#followed = FOLLOWED.flatMap((prefix) => [new Followed(prefix, tally), new Followed(prefix, tally)]);
    this.#readers = this.#followed.map((followed, index) => this.#read(followed, index % 2 === 1));
    void this.#countStatuses();
  }

  /** Sessions make calls, too. */
  async step(): Promise<void> {
    const key = `${ROOT}${this.#name}.${this.#random.below(20)}`;
    try {
      if (this.#random.below(2) === 0)
        await this.#session.set(key, randomValue(this.#random), { timeoutMs: 3000 });
      else await this.#session.get('totem.version', { timeoutMs: 3000 });
      this.#tally.count('session calls');
    } catch (error) {
      this.#tally.failed('a call of a session', error);
    }
    await sleep(this.#random.below(10));
  }

  async rest(): Promise<void> {
    await this.#session.ready({ timeoutMs: 30_000 });
  }

  async stop(): Promise<void> {
    await this.#session.close();
    await Promise.all(this.#readers);
  }

  pictures(): NamedPicture[] {
    return this.#followed.map(({ prefix, picture }) => ({
      prefix,
      picture: [...picture].map(([key, value]) => `${key} ${value}`).sort(),
    }));
  }

  async #read(followed: Followed, slowly: boolean): Promise<void> {
    const follower: CmapFollower = this.#session.follow(followed.prefix, {
      prefix: true,
      ...(slowly ? { maxQueued: 200 } : {}),
    });
    try {
      let count = 0;
      for await (const event of follower) {
        followed.take(event);
        if (slowly && ++count % 20 === 0) await sleep(1);
      }
    } catch (error) {
      this.#tally.mismatch(`the follower of ${followed.prefix} ended: ${String(error)}`);
    }
  }

  async #countStatuses(): Promise<void> {
    for await (const { state } of this.#session.statuses()) {
      if (state === 'lost') this.#tally.count('losses');
      if (state === 'connected') this.#tally.count('reconnects');
      if (state === 'resynced') this.#tally.count('resyncs');
    }
  }
}

/** What one reader has been told. */
class Followed {
  readonly prefix: string;
  readonly picture = new Map<string, string>();
  readonly #tally: Tally;

  constructor(prefix: string, tally: Tally) {
    this.prefix = prefix;
    this.#tally = tally;
  }

  take(event: CmapFollowEvent): void {
    if (event.kind === 'snapshot') {
      for (const { key, value } of event.entries) this.picture.set(key, show(wireOf(value)));
    } else if (event.kind === 'notification') {
      this.#change(event);
    } else if (event.kind === 'overflow') {
      this.#tally.count('follower overflows');
    }
  }

  /** The old value must be what was told last, whether corosync told it or a resync found it. */
  #change(event: Extract<CmapFollowEvent, { kind: 'notification' }>): void {
    this.#tally.count('follower notifications');
    const old = show(wireOf(event.oldValue));
    const known = this.picture.get(event.key) ?? ABSENT;
    if (old !== known) {
      const what = `${event.synthetic ? 'synthetic ' : ''}${event.change} of ${event.key}`;
      this.#tally.mismatch(`${what}: the old value is ${old}, the last one told was ${known}`);
    }
    const value = show(wireOf(event.newValue));
    if (value === ABSENT) this.picture.delete(event.key);
    else this.picture.set(event.key, value);
  }
}
