import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readState } from '../../../src/cli/cluster/read-quorum.ts';
import { QuorumClient } from '../../../src/index.ts';
import { FakeCorosync } from '../../../src/testing/index.ts';

let corosync: FakeCorosync;
beforeEach(async () => {
  corosync = await FakeCorosync.start({ cluster: { nodes: 2 } });
});
afterEach(() => corosync.stop());

describe('readState', () => {
  it('tells what corosync tells', async () => {
    const client = await QuorumClient.connect(corosync.connectOptions);
    expect(await readState(client)).toMatchObject({ quorate: true, members: [1, 2] });
    await client.close();
  });

  it('ends in time where corosync answers, and tells nothing', async () => {
    corosync.faults.add({ when: { step: 'event', service: 'quorum', times: Infinity }, do: { drop: true } });
    const client = await QuorumClient.connect(corosync.connectOptions);
    await expect(readState(client, 50)).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      message: expect.stringContaining('has not told of quorum within 50 ms') as string,
    });
    await client.close();
  });
});
