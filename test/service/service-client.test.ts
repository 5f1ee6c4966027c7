import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CfgClient, CpgClient, QuorumClient, VotequorumClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CLIENTS = { quorum: QuorumClient, votequorum: VotequorumClient, cfg: CfgClient, cpg: CpgClient };

let corosync: FakeCorosync;
beforeEach(async () => {
  corosync = await FakeCorosync.start({ cluster: { nodes: 1 } });
});
afterEach(() => corosync.stop());

const connections = (name: string): number =>
  corosync.clients.filter(({ service }) => service === name).length;

describe.each(Object.entries(CLIENTS))('the client of %s', (name, Client) => {
  it('shows its connection, until it is closed', async () => {
    const client = await Client.connect({ ...corosync.connectOptions, bufferSize: 2_097_152 });
    expect([client.transport, client.closed, client.behind, client.bufferSize]).toEqual([
      'shared-memory',
      false,
      false,
      2_097_152,
    ]);
    const ended = client.whenClosed();
    await client.close();
    await client[Symbol.asyncDispose]();
    expect([client.closed, await ended]).toEqual([true, undefined]);
    await waitUntil('corosync knows it no more', () => connections(name) === 0);
  });

  it('is destroyed at once, for a reason', async () => {
    const client = await Client.connect(corosync.connectOptions);
    client.destroy(new Error('enough'));
    expect(client.closed).toBe(true);
    expect(await client.whenClosed()).toMatchObject({
      name: 'ConnectionError',
      cause: { message: 'enough' },
    });
  });
});

describe('a call whose answer comes late', () => {
  it('goes out on a connection beside, in which only the same calls wait', async () => {
    await using client = await CfgClient.connect(corosync.connectOptions);
    corosync.faults.add({
      when: { step: 'request', service: 'cfg', request: 'reloadConfig' },
      do: { delayMs: 60 },
    });
    const log: string[] = [];
    const reloads = [client.reloadConfig(), client.reloadConfig()].map((reload, n) =>
      reload.then(() => log.push(`reload ${n}`)),
    );
    await waitUntil('it is made', () => connections('cfg') === 2);
    await client.localNodeId();
    log.push('local');
    await Promise.all(reloads);
    expect(log).toEqual(['local', 'reload 0', 'reload 1']);
    await waitUntil('it is closed', () => connections('cfg') === 1);
  });

  it.each([
    ['closed', 'CS_ERR_BAD_HANDLE', (client: CfgClient) => client.close()],
    [
      'destroyed',
      'CS_ERR_BAD_HANDLE',
      (client: CfgClient) => {
        client.destroy();
        return Promise.resolve();
      },
    ],
  ])('is refused by a client that is %s, and by name', async (_, code, end) => {
    const client = await CfgClient.connect(corosync.connectOptions);
    await end(client);
    await expect(client.reloadConfig()).rejects.toMatchObject({
      code,
      operation: 'corosync_cfg_reload_config',
      detail: 'the connection is closed',
      sent: 'no',
    });
  });

  it('is waited for by `close`', async () => {
    const client = await CfgClient.connect(corosync.connectOptions);
    corosync.faults.add({
      when: { step: 'request', service: 'cfg', request: 'reloadConfig' },
      do: { delayMs: 60 },
    });
    let reloaded = false;
    const reload = client.reloadConfig().then(() => (reloaded = true));
    await waitUntil('it is made', () => connections('cfg') === 2);
    await client.close();
    await turn();
    expect(reloaded).toBe(true);
    await reload;
  });
});
