import { setTimeout as sleep } from 'node:timers/promises';
import { CpgClient, CpgGroup, type CpgAddress, type CpgGroupEvent } from '../src/index.ts';
import type { Random } from '../test/helpers/integration/integration-random.ts';
import type { NamedPicture, Picture } from './protocol.ts';
import { membersPicture, SOAK_GROUP } from './states.ts';
import type { Tally } from './tally.ts';
import type { Work } from './work.ts';

const OPTIONS = {
  timeoutMs: 10_000,
  backOff: { firstDelayMs: 20, maxDelayMs: 500, deniedDelayMs: 300 },
};
const SHORT = { timeoutMs: 3000 } as const;
/** Mostly small ones; the last goes out in fragments. */
const LENGTHS = [4, 100, 100, 1000, 1000, 20_000, 1_100_000];
/** Of pids that nobody else has, for members that come and go. */
const PIDS_EACH = 1000;

/** A member of a group that outlives corosync, and sends; and members that come and go. Each sender's messages must come in their order. */
export class Groups implements Work {
  readonly #group = CpgGroup.open(SOAK_GROUP, OPTIONS);
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #reader: Promise<void>;
  /** The number of each sender's last message. */
  readonly #last = new Map<string, number>();
  #picture: Picture = [];
  #sent = 0;
  #guests = 0;

  constructor(random: Random, tally: Tally) {
    this.#random = random;
    this.#tally = tally;
    this.#reader = this.#read();
  }

  async step(): Promise<void> {
    if (this.#random.below(10) === 0) await this.#comeAndGo();
    else await Promise.all(Array.from({ length: 1 + this.#random.below(20) }, () => this.#send()));
    await sleep(this.#random.below(20));
  }

  async rest(): Promise<void> {
    await this.#group.ready({ timeoutMs: 30_000 });
  }

  async stop(): Promise<void> {
    await this.#group.close();
    await this.#reader;
  }

  pictures(): NamedPicture[] {
    return [{ prefix: 'cpg', picture: this.#picture }];
  }

  async #send(): Promise<void> {
    const message = Buffer.alloc(this.#random.pick(LENGTHS));
    message.writeUInt32LE((this.#sent += 1));
    const delivered = this.#random.below(4) === 0;
    await this.#done('mcast', this.#group.mcast(message, { ...SHORT, delivered }));
  }

  async #comeAndGo(): Promise<void> {
    const client = await CpgClient.connect({ timeoutMs: 5000 }).catch((error: unknown) =>
      this.#tally.failed('connect', error),
    );
    if (client === undefined) return;
    this.#tally.count('connects');
    const pid = process.pid * PIDS_EACH + (this.#guests = (this.#guests + 1) % PIDS_EACH);
    await this.#done('join', client.join(SOAK_GROUP, { pid, listener: () => undefined, ...SHORT }));
    if (this.#random.below(2) === 0) await client.close();
    else client.destroy();
  }

  async #done(operation: string, call: Promise<unknown>): Promise<void> {
    try {
      await call;
      this.#tally.count('group calls');
    } catch (error) {
      this.#tally.failed(operation, error);
    }
  }

  async #read(): Promise<void> {
    for await (const event of this.#group.events()) this.#note(event);
  }

  #note(event: CpgGroupEvent): void {
    if (event.kind === 'message') this.#noteMessage(event.from, event.message);
    else if (event.kind === 'lost') this.#tally.count('losses');
    else if ('members' in event && event.kind !== 'ring') this.#picture = membersPicture(event.members);
    if (event.kind === 'rejoined') this.#tally.count('resyncs');
  }

  /** Numbers are left out where a call has failed, and while we are away; but none comes twice, or too late. */
  #noteMessage({ nodeId, pid }: CpgAddress, message: Uint8Array): void {
    this.#tally.count('messages of groups');
    const sender = `${nodeId}:${pid}`;
    const number = Buffer.from(message.buffer, message.byteOffset, message.length).readUInt32LE();
    const last = this.#last.get(sender) ?? 0;
    if (number <= last) this.#tally.mismatch(`message ${number} of ${sender} has come after ${last}`);
    this.#last.set(sender, number);
  }
}
