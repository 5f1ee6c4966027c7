import { setImmediate as turn } from 'node:timers/promises';
import { CmapClient, type CmapTracker, type CmapConnectOptions } from '../../../src/index.ts';
import { Ledger } from './fault-ledger.ts';
import type { Random } from '../integration/integration-random.ts';
import { waitUntil } from '../wait-until.ts';

/** What a client is busy with when a fault strikes. */
export const ACTIVITIES = ['tracking', 'batches', 'iterating', 'connecting', 'closing'] as const;
export type Activity = (typeof ACTIVITIES)[number];

const FIXED_KEYS = 40;
const LARGE = 16_384;

/** A client that is busy with one thing until it is told to finish or loses corosync, and keeps account of it. */
export class Traffic {
  readonly ledger = new Ledger();
  readonly activity: Activity;
  /** Resolves when it is over. Rejects only with what is no error of ours. */
  readonly done: Promise<void>;
  readonly #prefix: string;
  /** Not tracked: what does not fit the event ring would wait in corosync's memory, and go down with it. */
  readonly #largeKey: string;
  readonly #random: Random;
  readonly #options: CmapConnectOptions;
  #finishing = false;
  #finish: () => void = () => undefined;
  readonly #finished = new Promise<void>((resolve) => (this.#finish = resolve));
  #begun: () => void = () => undefined;
  readonly #begin = new Promise<void>((resolve) => (this.#begun = resolve));
  #trackerEnd: string | undefined;
  readonly #clients = new Set<CmapClient>();

  private constructor(name: string, activity: Activity, random: Random, options: CmapConnectOptions) {
    this.activity = activity;
    this.#prefix = `fault.${name}.`;
    this.#largeKey = `fault-large.${name}`;
    this.#random = random;
    this.#options = options;
    this.done = this.#run();
  }

  /**
   * Resolves when it is in the middle of what it does.
   * @param name of its keys, which must not be there yet
   */
  static async start(
    name: string,
    activity: Activity,
    random: Random,
    options: CmapConnectOptions = {},
  ): Promise<Traffic> {
    const traffic = new Traffic(name, activity, random, options);
    await Promise.race([traffic.#begin, traffic.done]);
    return traffic;
  }

  /** How the loop over the tracker ended: the code of its error, or 'done'. */
  get trackerEnd(): string | undefined {
    return this.#trackerEnd;
  }

  /** Lets what is under way end, looks whether all notifications have come, and closes. */
  async finish(): Promise<void> {
    this.#finishing = true;
    this.#finish();
    await this.done;
  }

  /** Ends it at once, after a test that has failed. */
  async abandon(): Promise<void> {
    this.#finishing = true;
    this.#finish();
    for (const client of this.#clients) client.destroy();
    await this.done;
  }

  async #run(): Promise<void> {
    if (this.activity === 'connecting' || this.activity === 'closing') return this.#runShortLived();
    const client = await this.#connect();
    if (client === undefined) return;
    const tracker = (await this.ledger.call(() => client.track(this.#prefix, { prefix: true }))).value;
    const reading = tracker === undefined ? undefined : this.#read(tracker);
    await Promise.all(fixed().map((n) => this.ledger.call(() => client.setUint32(this.#fixedKey(n), n))));
    await this.ledger.call(() => client.setUint64(`${this.#prefix}sum`, 0n));
    await this.#count(client);
    this.#begun();
    if (this.activity === 'tracking') await Promise.race([this.#finished, client.whenClosed()]);
    while (!this.#finishing && !client.closed) {
      if (this.activity === 'batches') await this.#batch(client);
      else await this.#iterate(client);
      await turn(); // or the bytes of notifications pile up unread behind our own answers
    }
    if (!client.closed) await this.#lookBack(client);
    await client.close();
    await reading;
  }

  async #runShortLived(): Promise<void> {
    do {
      const client = await this.#connect();
      this.#begun();
      if (client === undefined) {
        if (this.ledger.outcomes.CS_ERR_TIMEOUT === undefined) return;
        continue;
      }
      if (this.activity === 'closing') await this.#closeInTheMiddle(client);
      else await this.ledger.expect(2, () => client.getUint32('totem.version'));
      if (this.#random.below(2) === 0) client.destroy();
      await client.close();
      await client.whenClosed();
    } while (!this.#finishing);
  }

  async #connect(): Promise<CmapClient | undefined> {
    const { value: client } = await this.ledger.call(() => CmapClient.connect(this.#options));
    if (client === undefined) return undefined;
    this.#clients.add(client);
    void client.whenClosed().then(() => this.#clients.delete(client));
    return client;
  }

  async #closeInTheMiddle(client: CmapClient): Promise<void> {
    const calls = fixed().map(() => this.ledger.expect(2, () => client.getUint32('totem.version')));
    for (let turns = this.#random.below(3); turns > 0; turns--) await turn();
    await Promise.all([client.close(), ...calls]);
  }

  async #batch(client: CmapClient): Promise<void> {
    const size = 1 + this.#random.below(200);
    await Promise.all(Array.from({ length: size }, () => this.#anyCall(client)));
  }

  #anyCall(client: CmapClient): Promise<unknown> {
    const n = this.#random.below(FIXED_KEYS);
    switch (this.#random.below(8)) {
      case 0:
      case 1:
        return this.#count(client);
      case 2:
        return this.ledger.increment(() => this.#add(client));
      case 3:
        return this.ledger.call(() => client.setBinary(this.#largeKey, new Uint8Array(LARGE).fill(n)));
      default:
        return this.ledger.expect(n, () => client.getUint32(this.#fixedKey(n)));
    }
  }

  #add(client: CmapClient): Promise<void> {
    return client.increment(`${this.#prefix}sum`);
  }

  #count(client: CmapClient): Promise<void> {
    return this.ledger.count((value) => client.setUint32(`${this.#prefix}counter`, value));
  }

  async #iterate(client: CmapClient): Promise<void> {
    const leaveAfter = this.#random.below(2 * FIXED_KEYS);
    let n = 0;
    const { outcome } = await this.ledger.call(async () => {
      for await (const { key, value } of client.entries(`${this.#prefix}fixed.`)) {
        if (key !== this.#fixedKey(n) || value.value !== n) this.ledger.wrong += 1;
        n += 1;
        if (n > leaveAfter) return;
      }
    });
    if (outcome === 'CS_OK' && n <= leaveAfter && n !== FIXED_KEYS) this.ledger.wrong += 1;
  }

  async #read(tracker: CmapTracker): Promise<void> {
    const { outcome } = await new Ledger().call(async () => {
      for await (const event of tracker) {
        if (event.kind !== 'notification') throw new Error('an overflow that nothing explains');
        if (event.key === `${this.#prefix}counter`) this.ledger.notified(Number(event.newValue?.value));
      }
    });
    this.#trackerEnd = outcome === 'CS_OK' ? 'done' : outcome;
  }

  /** After all of it the connection must be in order: its answers, its notifications, its changes. */
  async #lookBack(client: CmapClient): Promise<void> {
    const whole = { timeoutMs: 30_000 };
    await Promise.all(
      fixed().map((n) => this.ledger.expect(n, () => client.getUint32(this.#fixedKey(n), whole))),
    );
    const { value: sum } = await this.ledger.call(() => client.getUint64(`${this.#prefix}sum`, whole));
    if (sum !== undefined && !this.ledger.couldBeSum(Number(sum))) this.ledger.wrong += 1;
    await waitUntil('all is told', () => client.closed || this.ledger.missed === 0).catch(() => undefined);
  }

  #fixedKey(n: number): string {
    return `${this.#prefix}fixed.${String(n).padStart(3, '0')}`;
  }
}

function fixed(): number[] {
  return Array.from({ length: FIXED_KEYS }, (_, n) => n);
}
