import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { CmapClient, type CmapTracker } from '../../src/index.ts';
import { withDescriptorLimit } from '../helpers/descriptor-limit.ts';
import { expectNothingLeft, takeCensus } from '../helpers/faults/fault-census.ts';
import { eachRound, rounds } from '../helpers/faults/fault-rounds.ts';
import {
  limitSharedMemory,
  residentKib,
  RING_FAILED,
  unlimitSharedMemory,
  usedSharedMemory,
} from '../helpers/faults/fault-shared-memory.ts';
import { Traffic } from '../helpers/faults/fault-traffic.ts';
import { Witness } from '../helpers/faults/fault-witness.ts';
import { spawnProgram } from '../helpers/integration/integration-child.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
const ONCE = { tryAgainAttempts: 0 };
const SMALL = { bufferSize: 65536 };
const MIB = 2 ** 20;
const MINUTE_MS = 60_000;
const NOBODY = 65534;
const CONNECTS = 1000;
const FLOOD = 1_000_000;

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describeOnCorosync('what runs out and is there again', (suite) => {
  /** Clients that must not notice that others cannot connect. */
  async function undisturbed(name: string, random: Random): Promise<Traffic[]> {
    return Promise.all(
      (['tracking', 'batches', 'iterating'] as const).map((activity) =>
        Traffic.start(`${name}-${activity}`, activity, new Random(random.below(2 ** 31))),
      ),
    );
  }

  async function expectUndisturbed(traffics: readonly Traffic[]): Promise<void> {
    await Promise.all(traffics.map((traffic) => traffic.finish()));
    for (const { ledger } of traffics) {
      expect(ledger.report()).toMatchObject({ wrong: 0, missed: 0, senseless: 0 });
      expect(ledger.outcomes).toEqual({ CS_OK: ledger.calls });
    }
  }

  if (suite.transport === 'shared-memory') {
    it('shared memory: who is connected goes on, who is not gets CS_ERR_NO_SPACE', async () => {
      await eachRound(5, async (random, index) => {
        const before = takeCensus();
        const traffics = await undisturbed(`full-${index}-${random.below(2 ** 31)}`, random);
        try {
          await limitSharedMemory(usedSharedMemory() + random.below(2 * MIB));
          const outcomes = await Promise.all(upTo(3).map(() => ourOutcome(() => CmapClient.connect(ONCE))));
          expect(outcomes).toEqual(['CS_ERR_NO_SPACE', 'CS_ERR_NO_SPACE', 'CS_ERR_NO_SPACE']);
          await sleep(random.below(50));
        } finally {
          await unlimitSharedMemory();
        }
        expect(await ourOutcome(async () => (await CmapClient.connect(ONCE)).close())).toBe('CS_OK');
        await expectUndisturbed(traffics);
        await suite.expectLogged(RING_FAILED);
        await expectNothingLeft(before);
        // Nor has corosync kept anything of what it could not give.
        await waitUntil('no rings are left', () => suite.corosync.sharedMemoryLeftovers().length === 0);
      });
    });

    // With datagram sockets corosync fails in accept() then: it spins, and logs, for as long as a client is waiting.
    it('corosync’s descriptors: who is connected goes on, and the next one may connect as soon as one is free', async () => {
      await eachRound(3, async (random, index) => {
        const before = takeCensus();
        const traffics = await undisturbed(`files-${index}-${random.below(2 ** 31)}`, random);
        const held: CmapClient[] = [];
        await withDescriptorLimit(suite.corosync.pid, 60 + random.below(20), async () => {
          let outcome = 'CS_OK';
          while (outcome === 'CS_OK' && held.length < 100) {
            outcome = await ourOutcome(async () =>
              held.push(await CmapClient.connect({ ...ONCE, ...SMALL })),
            );
          }
          expect(outcome).toBe('CS_ERR_LIBRARY');
          await Promise.all(held.splice(0, 3).map((client) => client.close()));
          await waitUntil('one can connect again', async () => {
            const again = await ourOutcome(async () =>
              held.push(await CmapClient.connect({ ...ONCE, ...SMALL })),
            );
            return again === 'CS_OK';
          });
        });
        await Promise.all(held.map((client) => client.close()));
        await expectUndisturbed(traffics);
        await suite.expectLogged(RING_FAILED);
        await expectNothingLeft(before);
      });
    });
  }

  it('permission: denied, allowed by a reload, and denied again while its connection goes on', async () => {
    const rule = join(suite.corosync.directory, 'uidgid.d', 'nobody');
    mkdirSync(join(suite.corosync.directory, 'uidgid.d'));
    const child = spawnProgram('fault-user-main', { uid: NOBODY, gid: NOBODY });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const next = async (): Promise<string> => {
      const before = said.length;
      child.stdin.write('try\n');
      await waitUntil('the other user has tried', () => said.endsWith('\n') && said.length > before);
      return said.slice(before).trim();
    };
    try {
      for (let round = 0; round < rounds(3); round++) {
        expect(await next()).toBe(round === 0 ? 'CS_ERR_ACCESS' : 'CS_ERR_ACCESS, others CS_OK');
        writeFileSync(rule, `uidgid {\n  uid: ${NOBODY}\n}\n`);
        await run('corosync-cfgtool', ['-R']);
        expect(await next()).toBe(round === 0 ? 'CS_OK' : 'CS_OK, others CS_OK');
        rmSync(rule);
        await run('corosync-cfgtool', ['-R']);
      }
    } finally {
      child.stdin.end();
      await once(child, 'close');
    }
    await suite.expectLogged(/Denied connection attempt|Invalid IPC credentials/);
    await waitUntil('no rings are left', () => suite.corosync.sharedMemoryLeftovers().length === 0);
  });

  it(
    `${CONNECTS} connects and closes: nothing is left, here or in corosync`,
    { timeout: 3 * MINUTE_MS },
    async () => {
      const tenAtOnce = async (): Promise<void> => {
        const clients = await Promise.all(upTo(10).map(() => CmapClient.connect(SMALL)));
        expect(await clients[3]?.getUint32('totem.version')).toBe(2);
        clients[0]?.destroy();
        await Promise.all(clients.map((client) => client.close()));
      };
      await using witness = await Witness.start();
      for (let i = 0; i < 10; i++) await tenAtOnce(); // what corosync allocates once and keeps
      await waitUntil('the rings are removed', () => ourRings().length === 0);
      const [before, resident] = [takeCensus(), residentKib(suite.corosync.pid)];
      for (let i = 0; i < rounds(CONNECTS / 10); i++) await tenAtOnce();
      await expectNothingLeft(before);
      const grown = residentKib(suite.corosync.pid) - resident;
      const testimony = await witness.testimony();
      console.log(`corosync grew by ${grown} KiB; its other client: ${JSON.stringify(testimony)}`);
      expect(testimony).toMatchObject({ failed: 0 });
      expect(grown).toBeLessThan(1024); // a kilobyte for each connection would be a leak
      expect(await suite.corosync.ipcStats(process.pid)).toEqual([]);
    },
  );

  if (suite.transport === 'shared-memory') {
    it.each(['overflow', 'coalesce'] as const)(
      `a slow reader (%s) under a flood of ${FLOOD} notifications: each is read, folded or counted, and none waits in corosync`,
      { timeout: 5 * MINUTE_MS },
      async (whenLagging) => {
        suite.letEventsQueue();
        const key = `fault.flood.${whenLagging}`;
        const client = await suite.connect();
        await client.setUint32(key, 0);
        const tracker = await client.track(key, { whenLagging, maxQueued: 1000 });
        await using witness = await Witness.start();
        const resident = residentKib(suite.corosync.pid);
        const flood = once(spawnProgram('fault-flood-main', { key, count: FLOOD }), 'close');
        expect(await readSlowly(tracker, FLOOD)).toBe(FLOOD);
        expect(await flood).toEqual([0, null]);
        const grown = residentKib(suite.corosync.pid) - resident;
        const testimony = await witness.testimony();
        console.log(`corosync grew by ${grown} KiB; its other client: ${JSON.stringify(testimony)}`);
        expect(testimony).toMatchObject({ failed: 0 });
        // Left unread they would take more than half a gigabyte there.
        expect(grown).toBeLessThan(300 * 1024);
        await client.delete(key);
      },
    );
  }
});

/** Reads one event and then sleeps a while, until all notifications are accounted for: read, folded into one, or dropped. */
async function readSlowly(tracker: CmapTracker, count: number): Promise<number> {
  let accounted = 0;
  for await (const event of tracker) {
    accounted += event.kind === 'overflow' ? event.dropped : 1 + event.coalesced;
    if (accounted >= count) break;
    await sleep(1);
  }
  return accounted;
}
