import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CfgClient, CmapClient, QuorumClient, VotequorumClient } from '../../src/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { VotequorumPeer } from '../helpers/corosync/votequorum-peer.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';

/** Half of it is time enough for what is served meanwhile. */
const SYNC_MS = 5000;
const CS_OK = 1;
const CS_TRACK_CHANGES = 2;
/** While a device is alive and does not poll, a new membership waits for it. */
const DEVICE = `device {
    model: disk
    votes: 1
    timeout: 30000
    sync_timeout: ${SYNC_MS}
  }`;

/** A quorum device that polls once, and then no more. */
async function silentDevice(): Promise<VotequorumPeer> {
  const peer = new VotequorumPeer();
  await peer.connect();
  expect(await peer.trackStart(1n, CS_TRACK_CHANGES)).toBe(CS_OK);
  const nodelist = (await peer.notified(2)).find((event) => event.type === 'nodelist');
  expect(await peer.register('disk')).toBe(CS_OK);
  if (nodelist?.type !== 'nodelist') throw new Error('no nodelist has come');
  expect(await peer.poll('disk', 1, nodelist.ringId)).toBe(CS_OK);
  return peer;
}

/** Hundredths of a second that the process has had a processor. */
function ticks(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const words = fields.split(' ');
  return Number(words[11]) + Number(words[12]);
}

for (const ipcType of ['shm', 'socket'] as const) {
  describeIntegration(`while corosync forms a new membership (${ipcType})`, () => {
    it(
      'connections hold their requests, so that it need not spin; new ones are served',
      { timeout: 60_000 },
      async () => {
        await using cluster = await NamespaceCluster.start(2, { ipcType, config: { quorum: DEVICE } });
        const { pid } = cluster.first;
        await using device = await silentDevice();
        await using cmap = await CmapClient.connect();
        await using cfg = await CfgClient.connect();
        await using quorum = await QuorumClient.connect();
        await using votequorum = await VotequorumClient.connect();
        const events = device.events.length;
        await cluster.node(2).stop();
        await device.notified(events + 1); // the list of nodes is new, and quorum is still to come
        await sleep(50);

        const before = ticks(pid);
        const startedAt = performance.now();
        const calls = [cmap.get('totem.version'), cfg.localNodeId(), quorum.getQuorate()];
        const tooLate = cfg.localNodeId({ timeoutMs: 300 }).catch((error: unknown) => error);
        expect((await votequorum.getInfo()).nodeId).toBe(1); // is served meanwhile
        await using fresh = await CfgClient.connect();
        expect(await fresh.localNodeId()).toBe(1);
        const freshMs = performance.now() - startedAt;
        expect(await tooLate).toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'no' });
        await Promise.all(calls);
        const heldMs = performance.now() - startedAt;
        const used = ticks(pid) - before;

        expect(heldMs).toBeGreaterThan(SYNC_MS / 2);
        expect(freshMs).toBeLessThan(SYNC_MS / 2);
        // One who spins has the processor all the time.
        expect(used).toBeLessThan(heldMs / 10 / 2);
      },
    );
  });
}
