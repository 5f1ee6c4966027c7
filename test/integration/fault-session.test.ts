import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { expectNothingLeft, takeCensus } from '../helpers/faults/fault-census.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';
import { FollowedSession, shuffleKeys } from '../helpers/faults/fault-session.ts';
import { beforeStep, STEPS } from '../helpers/faults/fault-steps.ts';
import type { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const MINUTE_MS = 60_000;

describeOnCorosync('a session through faults of corosync', (suite) => {
  const isSharedMemory = suite.transport === 'shared-memory';
  let clusters = 0;

  async function restart(): Promise<void> {
    clusters += 1;
    await suite.restart({ clusterName: `cluster-${clusters}` });
  }

  /** A session in the middle of everything: its own calls, another client's changes, its followers. */
  async function inTheMiddle(
    followed: FollowedSession,
    random: Random,
    strike: () => Promise<void>,
    timeoutMs?: number,
  ): Promise<void> {
    const state = { going: true };
    const using = followed.useIt(random, () => state.going, timeoutMs);
    const other = await CmapClient.connect();
    const changing = (async () => {
      while (state.going && !other.closed) {
        await shuffleKeys(other, random).catch(() => undefined);
        await turn();
      }
    })();
    await strike();
    state.going = false;
    await Promise.all([using, changing]);
    await other.close();
  }

  /** After a restart with another name and other contents, whoever follows has the new map, and every call has settled. */
  async function expectHealed(followed: FollowedSession, random: Random): Promise<void> {
    const filler = await CmapClient.connect();
    await shuffleKeys(filler, random);
    await filler.close();
    await followed.session.ready();
    expect(followed.session.status.state).toBe('resynced');
    expect(await followed.expectPictures()).toEqual([]);
    const { reads, changes } = followed;
    expect({ unread: reads.calls - reads.settled, wrong: reads.wrong }).toEqual({ unread: 0, wrong: 0 });
    expect(reads.outcomes.CS_OK ?? 0).toBe(reads.calls); // made again on the next connection
    expect(changes.settled).toBe(changes.calls);
    expect(['CS_OK', 'CS_ERR_LIBRARY']).toEqual(expect.arrayContaining(Object.keys(changes.outcomes)));
  }

  /** Each loss is told once, and no other; while corosync is away, that it is away. */
  function expectTruth({ statuses }: FollowedSession, losses: number): void {
    const states = statuses.map(({ state }) => state);
    expect(states.filter((state) => state === 'lost')).toHaveLength(losses);
    expect(states.at(-1)).toBe('closed');
    for (const status of statuses) {
      if (status.state === 'lost') expect(status.error.code).toBe('CS_ERR_LIBRARY');
      if (status.state !== 'unavailable') continue;
      expect(['CS_ERR_LIBRARY', 'CS_ERR_NOT_EXIST', 'CS_ERR_TRY_AGAIN']).toContain(status.error.code);
    }
  }

  describe.each(['SIGKILL', 'SIGTERM'] as const)('%s, and another corosync with another map', (signal) => {
    it('at random moments', { timeout: rounds(2) * MINUTE_MS }, async () => {
      const before = takeCensus();
      await using followed = new FollowedSession();
      await followed.session.ready();
      let losses = 0;
      await eachRound((signal === 'SIGKILL' ? 6 : 3) / (isSharedMemory ? 1 : 2), async (random) => {
        await inTheMiddle(followed, random, async () => {
          await sleep(random.below(40));
          suite.corosync.kill(signal);
          await suite.corosync.exited();
          losses += 1;
          await sleep(random.below(2) * random.below(500));
          await restart();
          await waitUntil('it is connected again', () => followed.session.status.state === 'resynced');
        });
        await expectHealed(followed, random);
      });
      await followed[Symbol.asyncDispose]();
      expectTruth(followed, losses);
      await expectNothingLeft(before);
    });
  });

  if (isSharedMemory) {
    it('SIGKILL before each kind of our writes', { timeout: rounds(2) * MINUTE_MS }, async () => {
      const before = takeCensus();
      await using followed = new FollowedSession();
      await followed.session.ready();
      let losses = 0;
      await eachRound(STEPS.length, async (random, index) => {
        const step = STEPS[index % STEPS.length] ?? 'request bytes';
        await inTheMiddle(followed, random, async () => {
          const stop = beforeStep(step, 1 + random.below(20), () => suite.corosync.kill('SIGKILL'));
          await suite.corosync.exited();
          stop();
          losses += 1;
          await restart();
          await waitUntil('it is connected again', () => followed.session.status.state === 'resynced');
        });
        await expectHealed(followed, random);
      });
      await followed[Symbol.asyncDispose]();
      expectTruth(followed, losses);
      await expectNothingLeft(before);
    });
  }

  it('SIGKILL while it comes back', { timeout: rounds(2) * MINUTE_MS }, async () => {
    const before = takeCensus();
    await using followed = new FollowedSession();
    await followed.session.ready();
    await eachRound(isSharedMemory ? 4 : 2, async (random) => {
      for (let times = 1 + random.below(3); times > 0; times--) {
        const connections = followed.count('connected');
        suite.corosync.kill('SIGKILL');
        await suite.corosync.exited();
        await restart();
        await waitUntil('it is connecting again', () => followed.count('connected') > connections, {
          everyMs: 1,
        });
        for (let turns = random.below(20); turns > 0; turns--) await turn();
      }
      await expectHealed(followed, random);
    });
    await followed[Symbol.asyncDispose]();
    expectTruth(followed, followed.count('connected') - 1);
    await expectNothingLeft(before);
  });

  it(
    'SIGSTOP for 5 s: nothing is lost, and calls end by their deadline',
    { timeout: rounds(1) * MINUTE_MS },
    async () => {
      const before = takeCensus();
      await using followed = new FollowedSession();
      await followed.session.ready();
      await eachRound(1, async (random) => {
        await inTheMiddle(
          followed,
          random,
          async () => {
            await sleep(random.below(40));
            suite.corosync.pause();
            await sleep(5000);
            suite.corosync.resume();
            await sleep(random.below(100));
          },
          1000,
        );
        expect(followed.reads.settled).toBe(followed.reads.calls);
        expect(followed.reads.wrong).toBe(0);
        expect(followed.reads.outcomes).toHaveProperty('CS_ERR_TIMEOUT');
        expect(await followed.expectPictures()).toEqual([]);
      });
      await followed[Symbol.asyncDispose]();
      expectTruth(followed, 0);
      await expectNothingLeft(before);
    },
  );

  it('is patient with a corosync that comes late, and closes while there is none', async () => {
    const before = takeCensus();
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    await using followed = new FollowedSession();
    await waitUntil('it has tried', () => followed.count('unavailable') > 2);
    const waiting = followed.session.getUint32('totem.version');
    await restart();
    expect(await waiting).toBe(2);
    await followed.session.ready();
    expect(await followed.expectPictures()).toEqual([]);
    suite.corosync.kill('SIGKILL');
    await waitUntil('it has lost it', () => followed.count('lost') === 1);
    const { outcome } = await followed.reads.call(() =>
      followed.session.get('totem.version', { timeoutMs: 50 }),
    );
    expect(outcome).toBe('CS_ERR_TIMEOUT');
    await followed[Symbol.asyncDispose]();
    expectTruth(followed, 1);
    await restart();
    await expectNothingLeft(before);
  });
});
