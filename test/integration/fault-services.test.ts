import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CfgClient,
  QuorumClient,
  VotequorumClient,
  type ConnectOptions,
  type CsErrorName,
} from '../../src/index.ts';
import { expectNothingLeft, takeCensus } from '../helpers/faults/fault-census.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';
import { SERVICE_CALLS, type Caller, type ServiceCall } from '../helpers/faults/fault-services.ts';
import { FollowedServices } from '../helpers/faults/fault-service-sessions.ts';
import type { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Asked once only: what is tested is that nothing hangs, not that it tries again. */
const ONCE = { tryAgainAttempts: 0 };
/** Of calls on a connection that is just being made, corosync may have removed the rings. */
const LOST: readonly CsErrorName[] = ['CS_ERR_LIBRARY', 'CS_ERR_BAD_HANDLE', 'CS_ERR_NOT_EXIST'];
/** Of changes that a session makes. No device may be registered, or another registration under way; an inquorate node cannot have fewer votes. */
const CHANGES: readonly string[] = [
  'CS_OK',
  'CS_ERR_LIBRARY',
  'CS_ERR_NOT_EXIST',
  'CS_ERR_TRY_AGAIN',
  'CS_ERR_INVALID_PARAM',
  'never sent',
];
/** No line is like it. */
const NOTHING = /(?!)/;
const MINUTE_MS = 60_000;

interface Calling {
  readonly call: ServiceCall;
  readonly caller: Caller;
}

const started: Calling[] = [];

/** A client for each call. */
async function connectAll(options: ConnectOptions = ONCE): Promise<Calling[]> {
  const all = await Promise.all(
    SERVICE_CALLS.map(async (call): Promise<Calling> => ({ call, caller: await call.connect(options) })),
  );
  started.push(...all);
  return all;
}

/** Settles with all of them, or names those that have not settled in time. */
async function settled(all: readonly Calling[], calls: readonly Promise<unknown>[]): Promise<void> {
  await Promise.race([Promise.all(calls), sleep(20_000, undefined, { ref: false })]);
  expect(all.filter(({ caller }) => caller.unsettled > 0).map(({ call }) => call.name)).toEqual([]);
  await Promise.all(calls);
}

function expectOutcomes(all: readonly Calling[], more: readonly CsErrorName[]): void {
  for (const { call, caller } of all) {
    const strange = [...caller.outcomes].filter((one) => !call.answers.includes(one) && !more.includes(one));
    expect([call.name, ...strange]).toEqual([call.name]);
  }
}

describeOnCorosync('a fault of corosync during each call of quorum, votequorum and cfg', (suite) => {
  const share = suite.transport === 'shared-memory' ? 1 : 2;
  let clusters = 0;
  afterEach(() => {
    suite.corosync.resume();
    for (const { caller } of started.splice(0)) caller.client.destroy();
  });

  /** Another corosync, which serves all three. */
  async function restart(): Promise<void> {
    clusters += 1;
    await suite.restart({ clusterName: `cluster-${clusters}` });
    await using quorum = await QuorumClient.connect();
    await using votequorum = await VotequorumClient.connect();
    await using cfg = await CfgClient.connect();
    expect(await quorum.getQuorate()).toBe(true);
    expect(await votequorum.getInfo()).toMatchObject({ nodeId: 1, totalVotes: 1 });
    expect(await cfg.localNodeId()).toBe(1);
  }

  /** Everybody has lost corosync and knows it, and nothing is left of anybody. */
  async function expectLost(all: readonly Calling[], calls: readonly Promise<unknown>[]): Promise<void> {
    await settled(all, calls);
    expectOutcomes(all, LOST);
    for (const { caller } of all)
      expect(await caller.client.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await suite.corosync.exited();
    // It had nothing to say against anybody, and left nothing.
    await suite.takeOffLog(NOTHING);
    const left = (): readonly string[] => suite.corosync.sharedMemoryLeftovers();
    await waitUntil('nothing is left in shared memory', () => left().length === 0);
  }

  describe.each(['SIGKILL', 'SIGTERM'] as const)('%s, and another corosync after it', (signal) => {
    it('while every call waits for its answer', { timeout: rounds(1) * MINUTE_MS }, async () => {
      await eachRound(1, async () => {
        const before = takeCensus();
        const all = await connectAll();
        suite.corosync.pause();
        const calls = all.map(({ caller }) => caller.call());
        await sleep(50);
        suite.corosync.kill(signal);
        suite.corosync.resume();
        await expectLost(all, calls);
        await expectNothingLeft(before);
        await restart();
      });
    });

    it('at a random moment', { timeout: rounds(3) * MINUTE_MS }, async () => {
      await eachRound((signal === 'SIGKILL' ? 4 : 2) / share, async (random) => {
        const before = takeCensus();
        const all = await connectAll();
        const calls = all.map(({ caller }) => caller.callOn(() => true));
        await aMoment(random);
        suite.corosync.kill(signal);
        await expectLost(all, calls);
        await expectNothingLeft(before);
        await restart();
      });
    });
  });

  describe('SIGSTOP and SIGCONT after 5 s', () => {
    it(
      'all is answered in the end, or settles by its deadline meanwhile',
      { timeout: 2 * MINUTE_MS },
      async () => {
        const before = takeCensus();
        const patient = await connectAll();
        const hasty = await connectAll({ timeoutMs: 1000 });
        suite.corosync.pause();
        const waiting = patient.map(({ caller }) => caller.call());
        await settled(
          hasty,
          hasty.map(({ caller }) => caller.call()),
        );
        for (const { call, caller } of hasty)
          expect([call.name, ...caller.outcomes]).toEqual([call.name, 'CS_ERR_TIMEOUT']);
        await sleep(4000);
        suite.corosync.resume();
        await settled(patient, waiting);
        expectOutcomes(patient, []);
        // What was given up has not hurt the connection.
        for (const { call, caller } of hasty)
          expect([...call.answers, 'CS_ERR_TIMEOUT'], call.name).toContain(await caller.call());
        for (const { caller } of [...patient, ...hasty]) await caller.client.close();
        await expectNothingLeft(before);
      },
    );
  });
});

describeOnCorosync('sessions of quorum, votequorum and cfg through faults of corosync', (suite) => {
  let restarts = 0;

  /** Each time with another quorum: of one node, or of two of which the other one is not there. */
  async function restart(): Promise<void> {
    restarts += 1;
    await suite.restart(restarts % 2 === 0 ? {} : { nodes: ['127.0.0.1', '127.0.0.2'] });
  }

  /** Strikes while all three are used; every call settles. */
  async function inTheMiddle(
    followed: FollowedServices,
    random: Random,
    strike: () => Promise<void>,
    timeoutMs?: number,
  ): Promise<void> {
    const state = { going: true };
    const using = followed.useIt(random, () => state.going, timeoutMs);
    await strike();
    state.going = false;
    await using;
    const { reads, changes } = followed;
    expect([reads.calls - reads.settled, changes.calls - changes.settled, reads.wrong]).toEqual([0, 0, 0]);
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    '%s at random moments, and another corosync with another quorum: whoever follows knows it',
    { timeout: rounds(2) * MINUTE_MS },
    async (signal) => {
      const before = takeCensus();
      await using followed = new FollowedServices();
      await followed.ready();
      let losses = 0;
      await eachRound(suite.transport === 'shared-memory' ? 4 : 2, async (random) => {
        await inTheMiddle(followed, random, async () => {
          await aMoment(random);
          suite.corosync.kill(signal);
          await suite.corosync.exited();
          losses += 1;
          await sleep(random.below(2) * random.below(500));
          await restart();
          await waitUntil('all are connected again', () => followed.resynced);
        });
        await followed.ready();
        await followed.expectPictures();
        expect(followed.reads.outcomes).toEqual({ CS_OK: followed.reads.calls }); // made again on the next connection
        expect(CHANGES).toEqual(expect.arrayContaining(Object.keys(followed.changes.outcomes)));
      });
      await followed[Symbol.asyncDispose]();
      followed.expectLosses(losses);
      await expectNothingLeft(before);
    },
  );

  it(
    'SIGSTOP for 5 s: nothing is lost, and calls end by their deadline',
    { timeout: rounds(1) * MINUTE_MS },
    async () => {
      const before = takeCensus();
      await using followed = new FollowedServices();
      await followed.ready();
      await eachRound(1, async (random) => {
        const strike = async (): Promise<void> => {
          await aMoment(random);
          suite.corosync.pause();
          await sleep(5000);
          suite.corosync.resume();
          await aMoment(random);
        };
        await inTheMiddle(followed, random, strike, 1000);
        expect(followed.reads.outcomes).toHaveProperty('CS_ERR_TIMEOUT');
        await followed.expectPictures();
      });
      await followed[Symbol.asyncDispose]();
      followed.expectLosses(0);
      await expectNothingLeft(before);
    },
  );
});

/** A moment that nobody has chosen: some milliseconds, then some turns of the event loop. */
async function aMoment(random: Random): Promise<void> {
  await sleep(random.below(60));
  for (let turns = random.below(50); turns > 0; turns--) await turn();
}
