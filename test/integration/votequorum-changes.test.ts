import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { VotequorumClient, type CsError, type RingId, type VotequorumTrackEvent } from '../../src/index.ts';
import { FREED_MEMORY_IS_FILLED, NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { VotequorumPeer } from '../helpers/corosync/votequorum-peer.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;

/** The cs_error_t of a call of ours, as the C library returns it. */
async function code(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => CS_OK,
    (error: unknown) => (error as CsError).csError,
  );
}

function votesOf(client: VotequorumClient, nodeId = 0): Promise<number> {
  return client.getInfo(nodeId).then(({ votes }) => votes);
}

async function ringIdOf(client: VotequorumClient): Promise<RingId> {
  for await (const event of await client.track()) if (event.kind === 'nodelist') return event.ringId;
  throw new Error('there is no nodelist');
}

describeOnCorosync('changes of votes, beside libvotequorum', (suite) => {
  it('give the same errors, and have the same effect', async () => {
    await using client = await VotequorumClient.connect();
    await using peer = new VotequorumPeer();
    await peer.connect();
    expect(await code(client.setVotes(1, 3))).toBe(CS_OK);
    await waitUntil('the votes have changed', async () => (await votesOf(client)) === 3);
    expect((await peer.getInfo(1)).info).toMatchObject({ votes: 3, highestExpected: 3 });
    // Votes go down, and what is expected does not.
    for (const votes of [0, 1, 2]) {
      const ours = await code(client.setVotes(1, votes));
      expect([votes, ours]).toEqual([votes, await peer.setVotes(1, votes)]);
    }
    await waitUntil('the votes have changed', async () => (await votesOf(client)) === 2);
    for (const expected of [1, 4, 5, 100]) {
      const ours = await code(client.setExpected(expected));
      expect([expected, ours]).toEqual([expected, await peer.setExpected(expected)]);
    }
    expect(await code(client.setVotes(99, 1))).toBe(await peer.setVotes(99, 1));
    await suite.restart();
  });

  it('are refused before a byte is sent where corosync would take them for something else', async () => {
    await using client = await VotequorumClient.connect();
    const refused = { code: 'CS_ERR_INVALID_PARAM', sent: 'no' };
    const before = await client.getInfo();
    for (const votes of [0, -1, 1.5, 510, 2 ** 32 - 1, 2 ** 32, NaN])
      await expect(client.setExpected(votes)).rejects.toMatchObject(refused);
    for (const votes of [-1, 0.5, 508 + 2, 2 ** 32])
      await expect(client.setVotes(1, votes)).rejects.toMatchObject(refused);
    for (const nodeId of [0, -1, 2 ** 32, 1.5])
      await expect(client.setVotes(nodeId, 1)).rejects.toMatchObject(refused);
    await expect(client.setVotes(1, 1, { evenIfInquorate: 1 as never })).rejects.toMatchObject(refused);
    await expect(client.setExpected(1, { force: true } as never)).rejects.toMatchObject(refused);
    await sleep(50);
    expect(await client.getInfo()).toEqual(before);
  });
});

describeOnCorosync('a quorum device, beside libvotequorum', (suite) => {
  it('is registered, polled, renamed and gone, with the same errors', async () => {
    await using client = await VotequorumClient.connect();
    await using peer = new VotequorumPeer();
    await peer.connect();
    const ringId = await ringIdOf(client);
    const peerRingId = { nodeId: ringId.nodeId, seq: String(ringId.seq) };
    const stale = { nodeId: ringId.nodeId, seq: ringId.seq + 1n };
    const flags = (): Promise<readonly string[]> => client.getInfo().then((info) => info.flags);
    const both = async (ours: Promise<unknown>, theirs: () => Promise<number>): Promise<number> => {
      const result = await code(ours);
      expect(await theirs()).toBe(result);
      return result;
    };
    // Nothing is registered yet.
    await both(client.qdevicePoll('disk', true, ringId), () => peer.poll('disk', 1, peerRingId));
    await both(client.qdeviceMasterWins('disk', true), () => peer.masterWins('disk', 1));
    await both(client.qdeviceUpdate('disk', 'net'), () => peer.update('disk', 'net'));
    expect(await both(client.qdeviceUnregister('disk'), () => peer.unregister('disk'))).toBe(12);

    expect(await both(client.qdeviceRegister('disk'), () => peer.register('disk'))).toBe(CS_OK);
    expect(await flags()).toContain('qdevice-registered');
    expect(await both(client.qdeviceRegister('net'), () => peer.register('net'))).toBe(14);
    expect(await both(client.qdevicePoll('net', true, ringId), () => peer.poll('net', 1, peerRingId))).toBe(
      7,
    );
    const wrong = { nodeId: 1, seq: String(stale.seq) };
    expect(await both(client.qdevicePoll('disk', true, stale), () => peer.poll('disk', 1, wrong))).toBe(22);
    expect(await both(client.qdevicePoll('disk', true, ringId), () => peer.poll('disk', 1, peerRingId))).toBe(
      1,
    );
    expect(await flags()).toEqual(expect.arrayContaining(['qdevice-alive', 'qdevice-cast-vote']));
    await client.qdevicePoll('disk', false, ringId);
    expect(await flags()).not.toContain('qdevice-cast-vote');
    await client.qdeviceMasterWins('disk', true);
    expect(await flags()).toContain('qdevice-master-wins');
    await client.qdeviceMasterWins('disk', false);
    await client.qdeviceUpdate('disk', 'net');
    await waitUntil('it has its new name', async () => (await client.getInfo()).qdeviceName === 'net');
    await client.qdeviceUnregister('net');
    expect(await flags()).not.toContain('qdevice-registered');
    suite.tolerate(/qdevice|Lost contact/);
  });

  it('is refused before a byte is sent where its name would make corosync abort, or a number mean two things', async () => {
    await using client = await VotequorumClient.connect();
    const refused = { code: 'CS_ERR_INVALID_PARAM', sent: 'no' };
    const ringId = { nodeId: 1, seq: 1n };
    const bad = [
      '',
      'x'.repeat(255),
      'é'.repeat(128),
      'a\0b',
      new Uint8Array(255).fill(1),
      7,
      null,
      undefined,
    ] as string[];
    for (const name of bad) {
      await expect(client.qdeviceRegister(name)).rejects.toMatchObject(refused);
      await expect(client.qdeviceUnregister(name)).rejects.toMatchObject(refused);
      await expect(client.qdeviceUpdate('disk', name)).rejects.toMatchObject(refused);
      await expect(client.qdeviceUpdate(name, 'disk')).rejects.toMatchObject(refused);
      await expect(client.qdevicePoll(name, true, ringId)).rejects.toMatchObject(refused);
      await expect(client.qdeviceMasterWins(name, true)).rejects.toMatchObject(refused);
    }
    for (const flag of [256, 1, 'true', undefined] as unknown as boolean[]) {
      await expect(client.qdeviceMasterWins('disk', flag)).rejects.toMatchObject(refused);
      await expect(client.qdevicePoll('disk', flag, ringId)).rejects.toMatchObject(refused);
    }
    for (const wrong of [
      undefined,
      {},
      { nodeId: 1, seq: 1 },
      { nodeId: -1, seq: 1n },
      { nodeId: 1, seq: 2n ** 64n },
    ])
      await expect(client.qdevicePoll('disk', true, wrong as RingId)).rejects.toMatchObject(refused);
    await expect(client.qdeviceSetExtraInfo(new Uint8Array(4097))).rejects.toMatchObject(refused);
    await expect(client.qdeviceSetExtraInfo('text' as never)).rejects.toMatchObject(refused);
    await expect(client.qdeviceGetExtraInfo(-1)).rejects.toMatchObject(refused);
  });

  it('has a name of as many bytes as fit', async () => {
    await using client = await VotequorumClient.connect();
    const name = 'n'.repeat(254);
    await client.qdeviceRegister(name);
    expect((await client.getInfo()).qdeviceName).toBe(name);
    await client.qdeviceUnregister(name);
  });

  it('has no extra info where corosync does not know it, which says so', async () => {
    await using client = await VotequorumClient.connect();
    const unknown = {
      code: 'CS_ERR_INVALID_PARAM',
      sent: 'yes',
      detail: expect.stringMatching(/version/) as unknown,
    };
    await expect(client.qdeviceSetExtraInfo(Buffer.from('ok'))).rejects.toMatchObject(unknown);
    await expect(client.qdeviceGetExtraInfo(1)).rejects.toMatchObject(unknown);
    expect(await votesOf(client)).toBeGreaterThan(0);
  });
});

describeIntegration('changes of votes in a cluster', () => {
  const start = (): Promise<NamespaceCluster> => NamespaceCluster.start(3, { under: FREED_MEMORY_IS_FILLED });

  it(
    'never let quorum pass 255, with the votes of nodes that are gone, and of changes that are still to come',
    { timeout: 60_000 },
    async () => {
      await using cluster = await start();
      await using client = await VotequorumClient.connect();
      const refused = {
        code: 'CS_ERR_INVALID_PARAM',
        sent: 'no',
        detail: expect.stringMatching(/509/) as unknown,
      };
      await expect(client.setVotes(2, 508)).rejects.toMatchObject(refused);
      const both = await Promise.allSettled([client.setVotes(2, 300), client.setVotes(3, 300)]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      await waitUntil('the votes have changed', async () => (await votesOf(client, 2)) === 300);
      await expect(client.setVotes(3, 300)).rejects.toMatchObject(refused);
      expect(cluster.first.running).toBe(true);
    },
  );

  it('count a node that is gone: it comes back with its votes', { timeout: 60_000 }, async () => {
    await using cluster = await start();
    await using client = await VotequorumClient.connect();
    await client.setVotes(3, 2);
    await waitUntil('the votes have changed', async () => (await votesOf(client, 3)) === 2);
    await cluster.node(3).stop();
    await cluster.sees(2);
    expect(await client.getInfo()).toMatchObject({ totalVotes: 2 });
    await expect(client.setVotes(2, 507)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM', sent: 'no' });
    await cluster.node(2).stop();
    await cluster.sees(1);

    // Now this node is not quorate.
    const before = await client.getInfo();
    expect(before.flags).not.toContain('quorate');
    const refused = {
      code: 'CS_ERR_INVALID_PARAM',
      sent: 'no',
      detail: expect.stringMatching(/evenIfInquorate/) as unknown,
    };
    await expect(client.setExpected(1)).rejects.toMatchObject(refused);
    await expect(client.setVotes(1, 5)).rejects.toMatchObject(refused);
    await sleep(100);
    expect(await client.getInfo()).toEqual(before);
    await client.setExpected(1, { evenIfInquorate: true });
    await waitUntil('it is quorate', async () => (await client.getInfo()).flags.includes('quorate'));
  });

  it('are told to trackers, and made once', { timeout: 60_000 }, async () => {
    await using cluster = await start();
    await using client = await VotequorumClient.connect();
    const told: VotequorumTrackEvent[] = [];
    await using tracker = await client.track({ listener: (event) => void told.push(event) });
    expect(tracker).toBeDefined();
    await client.setExpected(3);
    await client.setExpected(3);
    const expected = (): number => told.filter((event) => event.kind === 'expected-votes').length;
    await waitUntil('both are told', () => expected() === 2);
    await sleep(100);
    expect(expected()).toBe(2);
    expect(cluster.first.running).toBe(true);
  });

  it('a registration outlives a client that ends in the middle of it', { timeout: 60_000 }, async () => {
    await using cluster = await start();
    for (const end of ['destroy', 'close', 'abort'] as const) {
      const client = await VotequorumClient.connect();
      const beside = await VotequorumClient.connect();
      cluster.node(2).kill('SIGSTOP');
      await sleep(50);
      const giveUp = new AbortController();
      const registered = code(client.qdeviceRegister('disk', { signal: giveUp.signal, timeoutMs: 1000 }));
      await waitUntil('it is under way', () => ourRings().length === 3);
      await sleep(100);
      // The client itself waits for nothing meanwhile.
      expect(await votesOf(client)).toBe(1);
      giveUp.abort(end === 'abort' ? new Error('enough') : undefined);
      if (end === 'destroy') client.destroy();
      await client.close();
      expect(await registered).not.toBe(CS_OK);
      cluster.node(2).kill('SIGCONT');
      await waitUntil('it is registered', async () =>
        (await beside.getInfo()).flags.includes('qdevice-registered'),
      );
      await waitUntil('its connection has gone', () => ourRings().length === 1);
      await beside.qdeviceUnregister('disk');
      await beside.close();
      expect(cluster.first.running).toBe(true);
    }
  });
});
