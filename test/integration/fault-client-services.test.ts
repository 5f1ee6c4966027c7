import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultChild } from '../helpers/faults/fault-child.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';
import { SERVICE_CALLS, type CallersReport } from '../helpers/faults/fault-services.ts';
import { Witness } from '../helpers/faults/fault-witness.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const STOP_MS = 5000;
/** A corosync that waited for a stopped client would answer nobody until that goes on. */
const HANG_US = (STOP_MS / 2) * 1000;
const MINUTE_MS = 60_000;
/**
 * Not these: corosync crashes when a process is killed between a registration and its answer, whatever library it uses (docs/safety.md); and a shutdown to
 * which nobody says no, because who would have is gone or stopped, is a shutdown.
 */
const EXCEPT = ['qdeviceRegister', 'tryShutdown'];
const CALLS = SERVICE_CALLS.map(({ name }) => name).filter((name) => !EXCEPT.includes(name));

describeOnCorosync('a fault of our own process during the calls of quorum, votequorum and cfg', (suite) => {
  const share = suite.transport === 'shared-memory' ? 1 : 2;
  let witness: Witness;
  beforeEach(async () => {
    witness = await Witness.start();
  });
  afterEach(() => witness[Symbol.asyncDispose]());

  async function expectOthersServed(): Promise<void> {
    const testimony = await witness.testimony();
    expect(testimony).toMatchObject({ failed: 0 });
    expect(testimony.gets).toBeGreaterThan(0);
    expect(testimony.worstUs).toBeLessThan(HANG_US);
  }

  /** corosync has given up all that it held for the process. */
  async function expectForgotten({ pid }: FaultChild<CallersReport>): Promise<void> {
    await waitUntil('its rings are removed', () => ourRings(pid).length === 0);
    expect(await suite.corosync.ipcStats(pid)).toEqual([]);
  }

  function expectAllSettled(reports: readonly CallersReport[]): void {
    expect(reports.map(({ name }) => name)).toEqual(CALLS);
    for (const { name, made, unsettled, outcomes } of reports) {
      const answers = SERVICE_CALLS.find((call) => call.name === name)?.answers ?? [];
      expect({ name, unsettled, strange: outcomes.filter((outcome) => !answers.includes(outcome)) }).toEqual({
        name,
        unsettled: 0,
        strange: [],
      });
      expect(made, name).toBeGreaterThan(0);
    }
  }

  it(
    'SIGKILL at a random moment: corosync serves the others, and forgets it',
    { timeout: rounds(1) * MINUTE_MS },
    async () => {
      await eachRound(6 / share, async (random) => {
        await using child = await FaultChild.startCallers(CALLS);
        await sleep(random.below(60));
        child.kill('SIGKILL');
        await child.exited();
        await expectForgotten(child);
        await expectOthersServed();
      });
    },
  );

  describe(`SIGSTOP and SIGCONT after ${STOP_MS / 1000} s`, () => {
    it('all calls settle, and corosync waits for nobody', { timeout: rounds(1) * MINUTE_MS }, async () => {
      await eachRound(1, async (random) => {
        await using child = await FaultChild.startCallers(CALLS);
        await sleep(random.below(60));
        child.kill('SIGSTOP');
        await sleep(STOP_MS);
        await expectOthersServed();
        child.kill('SIGCONT');
        await sleep(100);
        expectAllSettled(await child.finish());
        await expectForgotten(child);
        await expectOthersServed();
      });
    });
  });
});
