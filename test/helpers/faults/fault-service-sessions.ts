import { isDeepStrictEqual as same } from 'node:util';
import { expect } from 'vitest';
import {
  CfgSession,
  QuorumClient,
  QuorumSession,
  VotequorumClient,
  VotequorumSession,
  type QuorumFollowEvent,
  type QuorumState,
  type SessionStatus,
  type VotequorumFollowEvent,
} from '../../../src/index.ts';
import { Ledger } from './fault-ledger.ts';
import type { Random } from '../integration/integration-random.ts';
import { waitUntil } from '../wait-until.ts';

/** Soon, or a test would take long: faults come one after the other. */
const BACK_OFF = { firstDelayMs: 20, maxDelayMs: 200, deniedDelayMs: 200 };

/** A session of each of the three services, through any number of faults, and everything that they have said. */
export class FollowedServices implements AsyncDisposable {
  readonly quorum = QuorumSession.open({ backOff: BACK_OFF });
  readonly votequorum = VotequorumSession.open({ backOff: BACK_OFF });
  readonly cfg = CfgSession.open({ backOff: BACK_OFF });
  readonly #sessions = [this.quorum, this.votequorum, this.cfg];
  readonly reads = new Ledger();
  readonly changes = new Ledger();
  readonly statuses: readonly SessionStatus[][] = this.#sessions.map(() => []);
  readonly #quorumTold: QuorumFollowEvent[] = [];
  readonly #votesTold: VotequorumFollowEvent[] = [];
  readonly #quorumFollower = this.quorum.follow({ listener: (event) => void this.#quorumTold.push(event) });
  readonly #votesFollower = this.votequorum.follow({
    readEveryMs: 200,
    listener: (event) => void this.#votesTold.push(event),
  });
  readonly #statusesEnded = Promise.all(this.#sessions.map((session, at) => this.#readStatuses(session, at)));

  async ready(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.ready()));
  }

  /** Whether each is up to date on a connection that is not its first. */
  get resynced(): boolean {
    return this.#sessions.every(({ status }) => status.state === 'resynced');
  }

  /** Reads and changes, as long as `going` says; each settles. */
  async useIt(random: Random, going: () => boolean, timeoutMs = 30_000): Promise<void> {
    const reads: readonly (() => Promise<unknown>)[] = [
      () => this.quorum.getQuorate({ timeoutMs }),
      () => this.votequorum.getInfo(1, { timeoutMs }),
      () => this.cfg.ringStatus({ timeoutMs }),
      () => this.cfg.nodeAddresses(1, { timeoutMs }),
    ];
    const changes: readonly (() => Promise<void>)[] = [
      () => this.votequorum.setVotes(1, 1, { timeoutMs, evenIfInquorate: true }),
      () => this.votequorum.qdeviceRegister('disk', { timeoutMs }),
      () => this.votequorum.qdeviceUnregister('disk', { timeoutMs }),
      () => this.cfg.reloadConfig({ timeoutMs }),
    ];
    while (going()) {
      await Promise.all([
        this.reads.expect(1, () => this.cfg.localNodeId({ timeoutMs })),
        ...reads.map((read) => this.reads.call(read)),
        this.changes.call(random.pick(changes)),
      ]);
    }
  }

  /** What the followers know, and what they have told last, is what fresh clients read. */
  async expectPictures(): Promise<void> {
    await using votequorum = await VotequorumClient.connect();
    await waitUntil('the votes are those that a client reads', async () => {
      const { local, nodes } = this.#votesFollower.current ?? { nodes: [] };
      const now = await Promise.all(nodes.map(({ nodeId }) => votequorum.getInfo(nodeId)));
      return same(local, await votequorum.getInfo()) && now.length > 0 && same(nodes, now);
    });
    const fresh = await freshQuorum();
    await waitUntil('the quorum is what a client reads', () => same(this.#quorumFollower.current, fresh));
    expect(stateOf(this.#quorumTold.at(-1))).toEqual(fresh);
    expect(stateOf(this.#votesTold.at(-1))).toEqual(this.#votesFollower.current);
    const { quorate, members, ringId } = this.#votesFollower.current ?? {};
    expect({ quorate, members, ringId }).toMatchObject(fresh);
    expect(await this.quorum.getQuorate()).toBe(fresh.quorate);
    for (const told of [this.#quorumTold, this.#votesTold])
      expect(told.map(({ kind }) => kind).filter((kind) => kind === 'snapshot')).toHaveLength(1);
  }

  /** Each loss is told once, by each session and to each follower. */
  expectLosses(losses: number): void {
    for (const statuses of this.statuses) {
      expect(statuses.filter(({ state }) => state === 'lost')).toHaveLength(losses);
      expect(statuses.at(-1)?.state).toBe('closed');
    }
    for (const told of [this.#quorumTold, this.#votesTold]) {
      const kinds = told.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'lost')).toHaveLength(losses);
      expect(kinds.filter((kind) => kind === 'resynced')).toHaveLength(losses);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    await this.#statusesEnded;
  }

  async #readStatuses(session: { statuses(): AsyncIterable<unknown> }, at: number): Promise<void> {
    for await (const status of session.statuses()) this.statuses[at]?.push(status as SessionStatus);
  }
}

async function freshQuorum(): Promise<QuorumState> {
  await using client = await QuorumClient.connect();
  const quorate = await client.getQuorate();
  for await (const event of await client.track())
    if (event.kind === 'nodelist') return { quorate, members: event.members, ringId: event.ringId };
  throw new Error('there is no nodelist');
}

function stateOf(event: QuorumFollowEvent | VotequorumFollowEvent | undefined): unknown {
  return event !== undefined && 'state' in event ? event.state : event?.kind;
}
