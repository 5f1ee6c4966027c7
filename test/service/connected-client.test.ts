import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CfgClient, CpgClient, QuorumClient, VotequorumClient } from '../../src/index.ts';
import type { ConnectedClient } from '../../src/service/connected-client.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let corosync: FakeCorosync;
beforeAll(async () => {
  corosync = await FakeCorosync.start({ cluster: { nodes: 1 } });
});
afterAll(() => corosync.stop());

const CLIENTS: Readonly<Record<string, () => Promise<ConnectedClient>>> = {
  cfg: () => CfgClient.connect(corosync.connectOptions),
  cpg: () => CpgClient.connect(corosync.connectOptions),
  quorum: () => QuorumClient.connect(corosync.connectOptions),
  votequorum: () => VotequorumClient.connect(corosync.connectOptions),
};

describe.each(Object.entries(CLIENTS))('a client of %s', (service, connect) => {
  const connected = (): number => corosync.clients.filter((client) => client.service === service).length;

  it('tells of its connection', async () => {
    await using client = await connect();
    expect([client.transport, client.closed, client.behind]).toEqual(['shared-memory', false, false]);
    expect(client.bufferSize).toBeGreaterThanOrEqual(65_536);
    expect(connected()).toBe(1);
  });

  it('is closed with its scope, and says that nothing else has ended it', async () => {
    const client = await connect();
    await client[Symbol.asyncDispose]();
    expect(client.closed).toBe(true);
    expect(await client.whenClosed()).toBeUndefined();
    await client.close();
    await waitUntil('corosync knows of none', () => connected() === 0);
  });

  it('that is destroyed says why', async () => {
    const client = await connect();
    const cause = new Error('enough');
    client.destroy(cause);
    expect(client.closed).toBe(true);
    expect(await client.whenClosed()).toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_LIBRARY',
      cause,
    });
    await waitUntil('corosync knows of none', () => connected() === 0);
  });
});
