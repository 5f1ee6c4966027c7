import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultChild, type ChildReport, type FaultTask } from '../helpers/faults/fault-child.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';
import { STEPS } from '../helpers/faults/fault-steps.ts';
import { ACTIVITIES } from '../helpers/faults/fault-traffic.ts';
import { Witness } from '../helpers/faults/fault-witness.ts';
import type { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const STOP_MS = 5000;
/** A corosync that waited for a stopped client would answer nobody until that goes on. */
const HANG_US = (STOP_MS / 2) * 1000;
const MINUTE_MS = 60_000;
/** What corosync says of any client that dies while it answers its connecting, or tells it of a change. */
const DIED = /Error in connection setup .*: Broken pipe|event_send(?:: Broken pipe| retuned -32)/;

/** All is well with the account of a process that was let finish. */
function expectTruth(reports: readonly ChildReport[]): void {
  expect(reports.map(({ activity }) => activity)).toEqual(ACTIVITIES);
  for (const report of reports) {
    const { calls, settled, wrong, missed, senseless, outcomes } = report;
    expect({ report, unsettled: calls - settled, wrong, missed, senseless }).toEqual({
      report,
      unsettled: 0,
      wrong: 0,
      missed: 0,
      senseless: 0,
    });
    // A client that closes itself may refuse what is asked of it after that.
    expect(['CS_OK', 'CS_ERR_BAD_HANDLE']).toEqual(expect.arrayContaining(Object.keys(outcomes)));
  }
}

describeOnCorosync('a fault of our own process', (suite) => {
  /** Those of datagram sockets are other ones. */
  const steps = suite.transport === 'shared-memory' ? STEPS : [];
  let witness: Witness;
  let longestUs = 0;
  let gets = 0;
  beforeEach(async () => {
    witness = await Witness.start();
  });
  afterEach(async () => {
    await witness[Symbol.asyncDispose]();
  });
  afterAll(() => {
    console.log(
      `corosync's other client (${suite.transport}): ${gets} gets, none failed, longest wait ${longestUs} us`,
    );
  });

  async function expectOthersServed(): Promise<void> {
    const testimony = await witness.testimony();
    gets += testimony.gets;
    longestUs = Math.max(longestUs, testimony.worstUs);
    expect(testimony).toMatchObject({ failed: 0 });
    expect(testimony.worstUs).toBeLessThan(HANG_US);
  }

  /** corosync has given up all that it held for the process. */
  async function expectForgotten({ pid }: FaultChild): Promise<void> {
    await waitUntil('its rings are removed', () => ourRings(pid).length === 0);
    expect(await suite.corosync.ipcStats(pid)).toEqual([]);
  }

  function task(random: Random, at?: FaultTask['at']): FaultTask {
    return { activities: ACTIVITIES, seed: random.below(2 ** 31), ...(at === undefined ? {} : { at }) };
  }

  describe('SIGKILL', () => {
    it('at a random moment', { timeout: rounds(1) * MINUTE_MS }, async () => {
      await eachRound(suite.transport === 'shared-memory' ? 8 : 4, async (random) => {
        await using child = await FaultChild.start(task(random));
        await sleep(random.below(30));
        child.kill('SIGKILL');
        await child.exited();
        await expectForgotten(child);
        await expectOthersServed();
      });
      await suite.takeOffLog(DIED);
    });

    it.each(steps)('before its %s', { timeout: rounds(1) * MINUTE_MS }, async (step) => {
      await eachRound(1, async (random) => {
        const at = { step, nth: 1 + random.below(5), signal: 'SIGKILL' } as const;
        await using child = await FaultChild.start(task(random, at));
        await child.exited();
        await child.struck();
        await expectForgotten(child);
        await expectOthersServed();
      });
      await suite.takeOffLog(DIED);
    });
  });

  describe(`SIGSTOP and SIGCONT after ${STOP_MS / 1000} s`, () => {
    it(
      'at random moments, and before each kind of its writes',
      { timeout: rounds(1) * MINUTE_MS },
      async () => {
        await eachRound(1, async (random) => {
          const [first, second, ...children] = await Promise.all([
            FaultChild.start(task(random)),
            FaultChild.start(task(random)),
            ...steps.map((step) =>
              FaultChild.start(task(random, { step, nth: 1 + random.below(5), signal: 'SIGSTOP' })),
            ),
          ]);
          await Promise.all(children.map((child) => child.struck()));
          for (const child of [first, second]) {
            await sleep(random.below(20));
            child.kill('SIGSTOP');
          }
          await goOn([first, second, ...children]);
        });
      },
    );

    /** While they are stopped, corosync serves the others; when they go on, nothing is lost or wrong. */
    async function goOn(children: readonly FaultChild[]): Promise<void> {
      try {
        await sleep(STOP_MS);
        await expectOthersServed();
        for (const child of children) child.kill('SIGCONT');
        for (const child of children) expectTruth(await child.finish());
        for (const child of children) await expectForgotten(child);
        await expectOthersServed();
      } finally {
        for (const child of children) await child[Symbol.asyncDispose]();
      }
    }

    it.each(steps.filter((step) => step === 'request bytes'))(
      'between post and byte (before its %s), with its socket full of events: corosync still waits for nobody',
      async (step) => {
        await eachRound(1, async (random) => {
          const at = { step, nth: 3, signal: 'SIGSTOP' } as const;
          await using child = await FaultChild.start({ ...task(random, at), activities: ['batches'] });
          await child.struck();
          const writer = await suite.connect();
          // Beyond 278 bytes corosync asks to be woken when the socket has room: the one other reason to look at this client.
          for (let value = 0; value < 10; value++) {
            await Promise.all(
              Array.from({ length: 100 }, (_, n) =>
                writer.setUint32(`fault.batches-${child.pid}.x${n}`, value),
              ),
            );
          }
          await sleep(500);
          await expectOthersServed();
          child.kill('SIGCONT');
          const [report] = await child.finish();
          expect(report).toMatchObject({
            wrong: 0,
            missed: 0,
            senseless: 0,
            outcomes: { CS_OK: report?.settled },
          });
          await expectForgotten(child);
          await expectOthersServed();
        });
      },
    );
  });
});
