import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { CmapConnectOptions } from '../../src/index.ts';
import { expectNothingLeft, takeCensus } from '../helpers/faults/fault-census.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';
import { beforeStep, STEPS } from '../helpers/faults/fault-steps.ts';
import { ACTIVITIES, Traffic } from '../helpers/faults/fault-traffic.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
/** Asked once only: what is tested is that nothing hangs, not that it tries again. */
const ONCE = { tryAgainAttempts: 0 };
const LOST: readonly string[] = ['CS_OK', 'CS_ERR_LIBRARY', 'CS_ERR_BAD_HANDLE', 'never sent'];
/** The rings may have been removed by a corosync that ends before a client that it has just accepted could open them. */
const LOST_CONNECTING: readonly string[] = [...LOST, 'CS_ERR_NOT_EXIST'];
/** What corosync says when it finds that a client has stopped waiting for the answer to its handshake. */
const HANDSHAKE_ABANDONED = /\[QB +\] Error in connection setup .*Broken pipe/;
const MINUTE_MS = 60_000;

let names = 0;
const started: Traffic[] = [];

/** One client for each activity, all of them in the middle of it. */
async function startAll(random: Random, options: CmapConnectOptions = ONCE): Promise<Traffic[]> {
  const traffics = await Promise.all(
    ACTIVITIES.map((activity) => {
      names += 1;
      return Traffic.start(`${activity}-${names}`, activity, new Random(random.below(2 ** 31)), options);
    }),
  );
  started.push(...traffics);
  return traffics;
}

/** A moment that nobody has chosen: some milliseconds, then some turns of the event loop. */
async function aMoment(random: Random): Promise<void> {
  await sleep(random.below(30));
  for (let turns = random.below(50); turns > 0; turns--) await turn();
}

/**
 * All calls are settled, no answer went astray, no notification came twice, and none is missing.
 * @param mayMiss what corosync had queued is gone with it
 */
function expectTruth(traffic: Traffic, mayMiss = false): void {
  const { calls, settled, wrong, senseless, outcomes } = traffic.ledger;
  const missed = mayMiss ? 0 : traffic.ledger.missed;
  expect({
    activity: traffic.activity,
    outcomes,
    unsettled: calls - settled,
    wrong,
    missed,
    senseless,
  }).toEqual({
    activity: traffic.activity,
    outcomes,
    unsettled: 0,
    wrong: 0,
    missed: 0,
    senseless: 0,
  });
}

async function settled(traffics: readonly Traffic[]): Promise<void> {
  const open = new Set(traffics.map(({ activity }) => activity));
  const all = traffics.map((traffic) => traffic.done.then(() => open.delete(traffic.activity)));
  await Promise.race([Promise.all(all), sleep(20_000, undefined, { ref: false })]);
  expect([...open]).toEqual([]);
  await Promise.all(all);
}

describeOnCorosync('a fault of corosync', (suite) => {
  /** Those of datagram sockets are other ones. */
  const steps = suite.transport === 'shared-memory' ? STEPS : [];
  const share = suite.transport === 'shared-memory' ? 1 : 2;
  let clusters = 0;
  afterEach(async () => {
    suite.corosync.resume();
    await Promise.all(started.splice(0).map((traffic) => traffic.abandon()));
  });

  async function restart(): Promise<void> {
    const { pid } = suite.corosync;
    clusters += 1;
    await suite.restart({ clusterName: `cluster-${clusters}` });
    expect(suite.corosync.pid).not.toBe(pid);
    const client = await suite.connect();
    expect(await client.getString('totem.cluster_name')).toBe(`cluster-${clusters}`);
    await client.close();
  }

  /** Everybody has lost corosync and knows it. */
  async function expectLost(traffics: readonly Traffic[]): Promise<void> {
    await settled(traffics);
    for (const traffic of traffics) {
      // A datagram socket holds 11; the rest waits in corosync's memory. Their loss is told by the error.
      expectTruth(traffic, suite.transport === 'socket');
      const possible = ['connecting', 'closing'].includes(traffic.activity) ? LOST_CONNECTING : LOST;
      expect(possible).toEqual(expect.arrayContaining(Object.keys(traffic.ledger.outcomes)));
      if (traffic.trackerEnd !== undefined) expect(traffic.trackerEnd).toBe('CS_ERR_LIBRARY');
    }
  }

  describe.each(['SIGKILL', 'SIGTERM'] as const)('%s, and another corosync after it', (signal) => {
    const minutes = { timeout: rounds(3) * MINUTE_MS };

    it('at a random moment', minutes, async () => {
      await eachRound((signal === 'SIGKILL' ? 8 : 4) / share, async (random) => {
        const before = takeCensus();
        const traffics = await startAll(random);
        await aMoment(random);
        suite.corosync.kill(signal);
        await expectLost(traffics);
        await suite.corosync.exited();
        await expectNothingLeft(before);
        await restart();
      });
    });

    it.each(steps)('before our %s', minutes, async (step) => {
      await eachRound(1, async (random) => {
        const before = takeCensus();
        const traffics = await startAll(random);
        const stop = beforeStep(step, 1 + random.below(5), () => suite.corosync.kill(signal));
        await expectLost(traffics);
        stop();
        await suite.corosync.exited();
        await expectNothingLeft(before);
        await restart();
      });
    });
  });

  describe('SIGSTOP and SIGCONT', () => {
    it(
      '5 s at a random moment: all is answered in the end, or settles by its deadline meanwhile',
      { timeout: rounds(2) * MINUTE_MS },
      async () => {
        await eachRound(1, async (random) => {
          const before = takeCensus();
          const patient = await startAll(random);
          const hasty = await startAll(random, { timeoutMs: 1000 });
          await aMoment(random);
          await expectAnsweredByDeadline(hasty, 5000, 4000);
          await Promise.all(patient.map((traffic) => traffic.finish()));
          for (const traffic of patient) {
            expectTruth(traffic);
            // A client that closes itself may refuse what is asked of it after that.
            const outcomes = Object.keys(traffic.ledger.outcomes);
            expect(['CS_OK', 'CS_ERR_BAD_HANDLE']).toEqual(expect.arrayContaining(outcomes));
          }
          await expectNothingLeft(before);
          await suite.takeOffLog(HANDSHAKE_ABANDONED);
        });
      },
    );

    // Once is enough for something that takes so long.
    it('60 s, with the deadline that calls have by default', { timeout: 3 * MINUTE_MS }, async () => {
      const before = takeCensus();
      const traffics = await startAll(new Random(60));
      await aMoment(new Random(60));
      await expectAnsweredByDeadline(traffics, 60_000, 45_000);
      await expectNothingLeft(before);
      await suite.takeOffLog(HANDSHAKE_ABANDONED);
    });

    it.each(steps)('before our %s', { timeout: rounds(1) * MINUTE_MS }, async (step) => {
      await eachRound(1, async (random) => {
        const before = takeCensus();
        const traffics = await startAll(random);
        const stopped = new Promise<void>((resolve) => {
          beforeStep(step, 1 + random.below(5), () => {
            suite.corosync.pause();
            resolve();
          });
        });
        await stopped;
        await sleep(100 + random.below(200));
        suite.corosync.resume();
        await Promise.all(traffics.map((traffic) => traffic.finish()));
        for (const traffic of traffics) expectTruth(traffic);
        await expectNothingLeft(before);
      });
    });

    /**
     * While corosync is stopped, every call that was made before settles, after one deadline and not after two; afterwards the
     * connections serve again.
     */
    async function expectAnsweredByDeadline(
      traffics: readonly Traffic[],
      stopMs: number,
      withinMs: number,
    ): Promise<void> {
      const made = traffics.map(({ ledger }) => ledger.calls);
      suite.corosync.pause();
      const until = performance.now() + stopMs;
      const waiting = (): string[] =>
        traffics
          .filter(({ ledger }, index) => ledger.settled < (made[index] ?? 0))
          .map(({ activity }) => activity);
      await waitUntil('all has ended', () => waiting().length === 0, { timeoutMs: withinMs }).catch(
        () => undefined,
      );
      expect(waiting(), 'calls that have not ended by their deadline').toEqual([]);
      await sleep(Math.max(until - performance.now(), 0));
      suite.corosync.resume();
      await Promise.all(traffics.map((traffic) => traffic.finish()));
      for (const traffic of traffics) expectTruth(traffic);
      // The moment may fall between two calls of one of them, or when it has done its work, but not of all.
      const timedOut = traffics.filter(({ ledger }) => 'CS_ERR_TIMEOUT' in ledger.outcomes);
      expect(timedOut.length).toBeGreaterThan(0);
    }
  });

  it('a reload of the configuration disturbs nobody, and is told', { timeout: MINUTE_MS }, async () => {
    const watcher = await suite.connect();
    const told: unknown[] = [];
    await watcher.track('config.reload_in_progress', {
      listener: (event) => event.kind === 'notification' && told.push(event.newValue?.value),
    });
    const before = takeCensus();
    const traffics = await startAll(new Random(1));
    const file = join(suite.corosync.directory, 'corosync.conf');
    const conf = readFileSync(file, 'utf8');
    const reloads = rounds(20);
    for (let token = 0; token < reloads; token++) {
      writeFileSync(file, conf.replace('totem {', `totem {\n  token: ${3000 + token}`));
      await run('corosync-cfgtool', ['-R']);
    }
    await Promise.all(traffics.map((traffic) => traffic.finish()));
    for (const traffic of traffics) expectTruth(traffic);
    await waitUntil('all reloads are told', () => told.length >= 2 * reloads);
    expect(told).toEqual(Array.from({ length: reloads }, () => [1, 0]).flat());
    expect(await watcher.getUint32('totem.token')).toBe(3000 + reloads - 1);
    await expectNothingLeft(before);
  });
});
