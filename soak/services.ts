import { setTimeout as sleep } from 'node:timers/promises';
import {
  CfgClient,
  CfgSession,
  CsError,
  QuorumClient,
  QuorumSession,
  VotequorumClient,
  VotequorumSession,
  type QuorumFollowEvent,
  type VotequorumFollowEvent,
} from '../src/index.ts';
import type { Random } from '../test/helpers/integration/integration-random.ts';
import type { NamedPicture, Picture } from './protocol.ts';
import { linksPicture, quorumPicture, votesPicture } from './states.ts';
import type { Tally } from './tally.ts';
import type { Work } from './work.ts';

const OPTIONS = {
  timeoutMs: 10_000,
  backOff: { firstDelayMs: 20, maxDelayMs: 500, deniedDelayMs: 300 },
};
const SHORT = { timeoutMs: 3000 } as const;

/**
 * Sessions of quorum, votequorum and cfg that live as long as their process, and clients that come and go. It changes votes only: who is
 * killed while a registration of a quorum device is unanswered takes corosync along.
 */
export class Services implements Work {
  readonly #quorum = QuorumSession.open(OPTIONS);
  readonly #votequorum = VotequorumSession.open(OPTIONS);
  readonly #cfg = CfgSession.open(OPTIONS);
  readonly #sessions = [this.#quorum, this.#votequorum, this.#cfg];
  readonly #random: Random;
  readonly #tally: Tally;
  /** What has been told last, or read. */
  readonly #pictures = new Map<string, Picture>();
  readonly #readers: readonly Promise<void>[];

  constructor(random: Random, tally: Tally) {
    this.#random = random;
    this.#tally = tally;
    this.#readers = [this.#readQuorum(), this.#readVotes()];
  }

  async step(): Promise<void> {
    if (this.#random.below(8) === 0) await this.#comeAndGo();
    else if (this.#random.below(8) === 0) await this.#changeVotes();
    else await Promise.all(Array.from({ length: 1 + this.#random.below(20) }, () => this.#read()));
    await sleep(this.#random.below(10));
  }

  async rest(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.ready({ timeoutMs: 30_000 })));
    this.#pictures.set('cfg', await linksPicture(this.#cfg));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    await Promise.all(this.#readers);
  }

  pictures(): NamedPicture[] {
    return [...this.#pictures].map(([prefix, picture]) => ({ prefix, picture }));
  }

  async #read(): Promise<void> {
    const reads = [
      () => this.#quorum.getQuorate(SHORT),
      () => this.#votequorum.getInfo(this.#random.below(2), SHORT),
      () => this.#cfg.ringStatus(SHORT),
      () => this.#cfg.nodeStatus(1, SHORT),
      () => this.#cfg.nodeAddresses(1, SHORT),
    ];
    await this.#done('a read of a service', this.#random.pick(reads)());
  }

  /** Fewer votes than quorum takes are refused by corosync. */
  async #changeVotes(): Promise<void> {
    try {
      await this.#votequorum.setVotes(1, 1 + this.#random.below(3), { ...SHORT, evenIfInquorate: true });
      this.#tally.count('service calls');
    } catch (error) {
      if (error instanceof CsError && error.code === 'CS_ERR_INVALID_PARAM' && error.sent === 'yes')
        this.#tally.count(error.code);
      else this.#tally.failed('setVotes', error);
    }
  }

  async #comeAndGo(): Promise<void> {
    const client = await this.#random
      .pick([QuorumClient, VotequorumClient, CfgClient])
      .connect({ timeoutMs: 5000 })
      .catch((error: unknown) => this.#tally.failed('connect', error));
    if (client === undefined) return;
    this.#tally.count('connects');
    const asked = this.#done('a call of a service', ask(client));
    if (this.#random.below(2) === 0) await client.close();
    else await asked.then(() => client.destroy());
    await asked;
  }

  async #done(operation: string, call: Promise<unknown>): Promise<void> {
    try {
      await call;
      this.#tally.count('service calls');
    } catch (error) {
      this.#tally.failed(operation, error);
    }
  }

  async #readQuorum(): Promise<void> {
    for await (const event of this.#quorum.follow()) {
      this.#count(event);
      if ('state' in event && event.state !== undefined)
        this.#pictures.set('quorum', quorumPicture(event.state));
    }
  }

  async #readVotes(): Promise<void> {
    for await (const event of this.#votequorum.follow({ readEveryMs: 500 })) {
      this.#count(event);
      if ('state' in event && event.state !== undefined)
        this.#pictures.set('votequorum', votesPicture(event.state));
    }
  }

  #count({ kind }: QuorumFollowEvent | VotequorumFollowEvent): void {
    if (kind === 'lost') this.#tally.count('losses');
    else if (kind === 'resynced') this.#tally.count('resyncs');
    else this.#tally.count('service events');
  }
}

function ask(client: QuorumClient | VotequorumClient | CfgClient): Promise<unknown> {
  if (client instanceof QuorumClient) return client.getQuorate();
  return client instanceof CfgClient ? client.ringStatus() : client.getInfo();
}
