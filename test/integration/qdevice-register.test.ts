import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { GetInfoRequest } from '../../src/codec/votequorum/get-info.ts';
import {
  QdeviceRegisterRequest,
  QdeviceUnregisterRequest,
} from '../../src/codec/votequorum/qdevice-register.ts';
import type { IpcConnection } from '../../src/ipc/index.ts';
import { VotequorumPeer } from '../helpers/corosync/votequorum-peer.ts';
import { FREED_MEMORY_IS_FILLED, NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { ourRings } from '../helpers/integration/integration-suite.ts';
import { sharedMemoryDescriptors } from '../helpers/open-descriptors.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SIGSEGV = 139;
const PATIENT = { timeoutMs: 20_000 };
const OPTIONS = {
  under: FREED_MEMORY_IS_FILLED,
  // A node that stands still is missed only after what the tests take, also where they get the processor late.
  config: { totem: 'token: 5000' },
};

const connect = (): Promise<IpcConnection> => connectTo({ options: { service: 'votequorum' } });

type Ending = (connection: IpcConnection, giveUp: AbortController) => void | Promise<void>;

/** Each way in which a user, or the library, can be done with a connection. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  destroyed: (connection) => connection.destroy(new Error('enough')),
  'closed after an abort': async (connection, giveUp) => {
    giveUp.abort();
    await connection.close();
  },
  'closed after a deadline': async (connection) => {
    await sleep(400);
    await connection.close();
  },
};

/** How many requests to votequorum of a process the first node has begun with. */
async function requests({ first }: NamespaceCluster, pid: number): Promise<number> {
  const statistics = await first.statistics(`stats.ipcs.service5.${pid}.`);
  const counts = [...statistics].filter(([key]) => key.endsWith('.requests'));
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Makes a request, and resolves when corosync has begun with it. */
async function begun(cluster: NamespaceCluster, pid: number, request: () => void): Promise<void> {
  const before = await requests(cluster, pid);
  request();
  await waitUntil('corosync has begun with it', async () => (await requests(cluster, pid)) > before);
}

for (const ipcType of ['shm', 'socket'] as const) {
  describeIntegration(`a registration that is cut off (${ipcType})`, () => {
    let cluster: NamespaceCluster;
    beforeAll(async () => {
      cluster = await NamespaceCluster.start(2, { ...OPTIONS, ipcType });
    }, 60_000);
    afterAll(() => cluster[Symbol.asyncDispose]());
    beforeEach(() => cluster.sees(2));

    it.each(Object.entries(ENDINGS))(
      'does not crash corosync when the connection is %s',
      async (how, end) => {
        const connection = await connect();
        // Nothing is agreed upon while a node stands still: the registration is handled, and its answer waits.
        cluster.node(2).kill('SIGSTOP');
        await sleep(100);
        const giveUp = new AbortController();
        const timeoutMs = how === 'closed after a deadline' ? 300 : PATIENT.timeoutMs;
        let outcome: Promise<unknown> | undefined;
        await begun(cluster, process.pid, () => {
          outcome = connection
            .submit(new QdeviceRegisterRequest('disk'), { timeoutMs, signal: giveUp.signal })
            .catch((error: unknown) => error);
        });
        await end(connection, giveUp);
        expect(await outcome).toMatchObject({ name: expect.stringMatching(/Error$/) as unknown });
        expect(connection.closed).toBe(true);
        await sleep(200);
        expect(ourRings()).toHaveLength(1);
        cluster.node(2).kill('SIGCONT');
        await waitUntil('the connection has gone', () => ourRings().length === 0);
        await sleep(200);
        expect(cluster.first.running).toBe(true);

        const next = await connect();
        const { flags } = await next.submit(new GetInfoRequest(0), PATIENT);
        expect(flags).toContain('qdevice-registered');
        await next.submit(new QdeviceUnregisterRequest('disk'), PATIENT);
        await next.close();
      },
      30_000,
    );

    it('leaves nothing open when corosync ends first', async () => {
      const connection = await connect();
      cluster.node(2).kill('SIGSTOP');
      await sleep(100);
      let outcome: Promise<unknown> | undefined;
      await begun(cluster, process.pid, () => {
        outcome = connection
          .submit(new QdeviceRegisterRequest('disk'), PATIENT)
          .catch((error: unknown) => error);
      });
      connection.destroy();
      await outcome;
      expect(sharedMemoryDescriptors()).not.toEqual([]);
      cluster.first.kill('SIGKILL');
      await cluster.first.exited();
      cluster.node(2).kill('SIGCONT');
      await waitUntil('nothing is open', () => sharedMemoryDescriptors().length === 0);
      await waitUntil('nothing is left', () => ourRings().length === 0);
    });
  });
}

describeIntegration('the same with libvotequorum', () => {
  it('crashes corosync: so the tests above would see it', { timeout: 60_000 }, async () => {
    await using cluster = await NamespaceCluster.start(2, OPTIONS);
    const peer = new VotequorumPeer();
    await peer.connect();
    cluster.node(2).kill('SIGSTOP');
    await sleep(100);
    await begun(cluster, peer.pid, () => void peer.register('disk').catch(() => undefined));
    peer.kill('SIGKILL');
    await waitUntil('corosync knows', async () => (await requests(cluster, peer.pid)) === 0);
    cluster.node(2).kill('SIGCONT');
    await waitUntil('corosync has crashed', () => !cluster.first.running);
    expect(cluster.first.exitCode).toBe(SIGSEGV);
  });
});
