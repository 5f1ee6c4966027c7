import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CfgClient, type CfgShutdownRequest, type CsError } from '../../src/index.ts';
import { CfgPeer } from '../helpers/corosync/cfg-peer.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;
const CS_ERR_BUSY = 10;
const CS_ERR_EXIST = 14;
const YES = 1;
const NO = 0;

/** The cs_error_t of a call of ours, as the C library returns it. */
async function code(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => CS_OK,
    (error: unknown) => (error as CsError).csError,
  );
}

async function peerThatTracks(): Promise<CfgPeer> {
  const peer = new CfgPeer();
  await peer.connect();
  expect(await peer.trackStart(0)).toBe(CS_OK);
  return peer;
}

describeOnCorosync('a shutdown, beside libcfg', (suite) => {
  const exited = (): Promise<void> => waitUntil('corosync has exited', () => !suite.corosync.running);

  it('is refused by one who refuses, or is silent; at once, or in time', async () => {
    await using client = await CfgClient.connect();
    await using peer = await peerThatTracks();
    const refused = code(client.tryShutdown());
    await waitUntil('the peer is asked', () => peer.shutdowns.length === 1);
    expect(peer.shutdowns).toEqual([0]);
    // Nothing waits for it on the client's own connection, and there is one shutdown at a time.
    expect(await client.localNodeId()).toBe(1);
    expect(await peer.tryShutdown(0)).toBe(CS_ERR_EXIST);
    await peer.replyToShutdown(NO);
    expect(await refused).toBe(CS_ERR_BUSY);

    const cmap = await suite.connect();
    await cmap.setUint32('cfg.shutdown_timeout', 300);
    expect(await code(client.tryShutdown('request'))).toBe(CS_ERR_BUSY);
    expect(suite.corosync.running).toBe(true);
  });

  it('is cancelled by an abort, and by the end of the client', async () => {
    await using peer = await peerThatTracks();
    for (const end of ['abort', 'deadline', 'destroy'] as const) {
      const client = await CfgClient.connect();
      const giveUp = new AbortController();
      const asked = peer.shutdowns.length;
      // Within it the peer has to be asked.
      const timeoutMs = end === 'deadline' ? 1500 : 20_000;
      const outcome = code(client.tryShutdown('request', { signal: giveUp.signal, timeoutMs }));
      await waitUntil('the peer is asked', () => peer.shutdowns.length === asked + 1);
      if (end === 'abort') giveUp.abort();
      if (end === 'destroy') client.destroy();
      expect(await outcome).not.toBe(CS_OK);
      await client.close();
      await waitUntil('its connections have gone', () => ourRings().length === 0);
      // Were it still under way, this yes would end corosync.
      await peer.replyToShutdown(YES);
    }
    await sleep(200);
    expect(suite.corosync.running).toBe(true);
  });

  it('asks our listener, whose reply counts once', async () => {
    await using client = await CfgClient.connect();
    await using silent = await peerThatTracks();
    await using peer = new CfgPeer();
    await peer.connect();
    const cmap = await suite.connect();
    // A listener that takes too long is given up long before corosync gives up: also where we get the processor late.
    await cmap.setUint32('cfg.shutdown_timeout', 2500);
    const requests: CfgShutdownRequest[] = [];
    const replies: (() => Promise<boolean> | boolean)[] = [];
    const listener = (request: CfgShutdownRequest): Promise<boolean> | boolean => {
      requests.push(request);
      return replies.shift()?.() ?? true;
    };
    const tracker = await client.trackShutdown(listener, { replyWithinMs: 300 });

    // One yes is not enough: the other tracker is silent.
    expect(await peer.tryShutdown(0)).toBe(CS_ERR_BUSY);
    // A listener that takes too long refuses, and what it says later is nobody's.
    replies.push(() => sleep(900, true));
    expect(await peer.tryShutdown(0)).toBe(CS_ERR_BUSY);
    expect(requests.at(-1)?.signal.aborted).toBe(true);
    // The late yes would be the second one to this request, for the silent one.
    expect(await peer.tryShutdown(0)).toBe(CS_ERR_BUSY);
    expect(requests.map(({ kind }) => kind)).toEqual(['request', 'request', 'request']);
    replies.push(() => false);
    expect(await peer.tryShutdown(0)).toBe(CS_ERR_BUSY);
    await tracker.close();
    await tracker.close();
    expect(await tracker.whenClosed()).toBeUndefined();
    await waitUntil('the silent one has heard of the last, too', () => silent.shutdowns.length >= 4);
    expect(silent.shutdowns).toHaveLength(4);
    expect(suite.corosync.running).toBe(true);
  });

  it('is refused by a listener that says neither yes nor no', async () => {
    await using client = await CfgClient.connect();
    await using peer = new CfgPeer();
    await peer.connect();
    // JavaScript takes each for a yes.
    for (const answer of ['no', { agreed: false }]) {
      const tracker = await client.trackShutdown(() => answer as unknown as boolean);
      expect(await peer.tryShutdown(0)).toBe(CS_ERR_BUSY);
      await tracker.close();
    }
    expect(suite.corosync.running).toBe(true);
  });

  it('happens when all agree, or are not asked', async () => {
    for (const kind of ['request', 'regardless', 'immediate'] as const) {
      const client = await CfgClient.connect();
      await using peer = await peerThatTracks();
      const tracker = await client.trackShutdown(() => true);
      const outcome = code(client.tryShutdown(kind));
      if (kind !== 'immediate') {
        await waitUntil('the peer is asked', () => peer.shutdowns.length === 1);
        await peer.replyToShutdown(kind === 'request' ? YES : NO);
      }
      expect(await outcome).toBe(CS_OK);
      await exited();
      expect(suite.corosync.exitCode).toBe(0);
      await tracker.whenClosed();
      await client.whenClosed();
      await tracker.close();
      await suite.restart();
    }
  });

  it('is refused before a byte is sent where corosync would take it for another one', async () => {
    await using client = await CfgClient.connect();
    const refused = { code: 'CS_ERR_INVALID_PARAM', sent: 'no' };
    for (const kind of [3, 0, 'now', null] as never[])
      await expect(client.tryShutdown(kind)).rejects.toMatchObject(refused);
    for (const nodeId of [0, -1, 1.5, 2 ** 32])
      await expect(client.killNode(nodeId, 'test')).rejects.toMatchObject(refused);
    for (const reason of ['x'.repeat(256), 'é'.repeat(128), 'a\0b', 7] as string[])
      await expect(client.killNode(1, reason)).rejects.toMatchObject(refused);
    await expect(client.trackShutdown(7 as never)).rejects.toMatchObject(refused);
    for (const replyWithinMs of [0, 60_001, NaN])
      await expect(client.trackShutdown(() => true, { replyWithinMs })).rejects.toMatchObject(refused);
    expect(await client.localNodeId()).toBe(1);
    await client.close();
    const closed = { code: 'CS_ERR_BAD_HANDLE', sent: 'no' };
    await expect(client.tryShutdown()).rejects.toMatchObject(closed);
    await expect(client.reloadConfig()).rejects.toMatchObject(closed);
    await expect(client.killNode(1)).rejects.toMatchObject(closed);
    await expect(client.trackShutdown(() => true)).rejects.toMatchObject(closed);
  });

  it('its tracker ends with the client, and keeps it from nothing', async () => {
    const client = await CfgClient.connect();
    const tracker = await client.trackShutdown(() => true);
    expect(ourRings()).toHaveLength(suite.transport === 'socket' ? 2 : 2);
    await client.close();
    expect(await tracker.whenClosed()).toBeUndefined();
    const other = await CfgClient.connect();
    const second = await other.trackShutdown(() => true);
    other.destroy();
    expect(await second.whenClosed()).toMatchObject({ name: 'ConnectionError' });
  });
});

describeOnCorosync('what an administrator asks for, beside libcfg', (suite) => {
  const confFile = (): string => join(suite.corosync.directory, 'corosync.conf');

  it('reloads the configuration, and says that it has a mistake', async () => {
    await using client = await CfgClient.connect();
    await using peer = new CfgPeer();
    const cmap = await suite.connect();
    await peer.connect();
    const good = readFileSync(confFile(), 'utf8');
    writeFileSync(confFile(), good.replace('version: 2', 'version: 2\n  token: 4321'));
    await client.reloadConfig();
    expect(await cmap.getUint32('totem.token')).toBe(4321);
    writeFileSync(confFile(), `${good}\nwhat is this\n`);
    const error: unknown = await client.reloadConfig().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CS_ERR_INVALID_PARAM', sent: 'yes' });
    expect(await peer.reloadConfig()).toBe((error as CsError).csError);
    writeFileSync(confFile(), good);
    await client.reloadConfig();
    await suite.takeOffLog(/./);
  });

  it('reloads one after the other, however many are asked for at once', async () => {
    await using client = await CfgClient.connect();
    const reloads = Array.from({ length: 20 }, () => client.reloadConfig());
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, ourRings().length)), 1);
    await Promise.all(reloads);
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(3);
    await suite.takeOffLog(/./);
  });

  it('reopens the log files', async () => {
    await using client = await CfgClient.connect();
    await using peer = new CfgPeer();
    await peer.connect();
    expect(await code(client.reopenLogFiles())).toBe(CS_OK);
    expect(await peer.reopenLogFiles()).toBe(CS_OK);
  });
});

describeIntegration('ending a node of a cluster', () => {
  it('ends it, and no other; one that is no member is refused', { timeout: 60_000 }, async () => {
    await using cluster = await NamespaceCluster.start(3);
    await using client = await CfgClient.connect();
    await expect(client.killNode(99)).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST', sent: 'yes' });
    await client.killNode(3, 'r'.repeat(255));
    await waitUntil('node 3 has exited', () => cluster.node(3).exitCode !== undefined);
    expect(cluster.node(3).exitCode).toBe(255);
    await cluster.sees(2);
    await expect(client.killNode(3)).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST' });
    expect([cluster.first.running, cluster.node(2).exitCode]).toEqual([true, undefined]);
  });
});
