import { afterEach, beforeEach, expect, it } from 'vitest';
import { CfgClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let corosync: FakeCorosync;
beforeEach(async () => {
  corosync = await FakeCorosync.start({ cluster: { nodes: 1 } });
});
afterEach(() => corosync.stop());

const connected = (): number => corosync.clients.filter(({ service }) => service === 'cfg').length;

it('a tracker of shutdowns ends with its client, whatever ends that', async () => {
  const client = await CfgClient.connect(corosync.connectOptions);
  const tracker = await client.trackShutdown(() => true);
  expect(connected()).toBe(2);
  corosync.faults.add({
    when: { step: 'request', service: 'cfg', request: 'localGet' },
    do: { close: 'before' },
  });
  await expect(client.localNodeId()).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(await tracker.whenClosed()).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
  await waitUntil('corosync knows of neither', () => connected() === 0);
});

it('a tracker that is being made when its client is lost is not made', async () => {
  const client = await CfgClient.connect(corosync.connectOptions);
  corosync.faults.add({ when: { step: 'welcome', service: 'cfg' }, do: { delayMs: 100 } });
  const tracking = client.trackShutdown(() => true);
  corosync.faults.add({
    when: { step: 'request', service: 'cfg', request: 'localGet' },
    do: { close: 'before' },
  });
  await expect(client.localNodeId()).rejects.toMatchObject({ name: 'ConnectionError' });
  await expect(tracking).rejects.toMatchObject({
    name: 'ConnectionError',
    operation: 'corosync_cfg_trackstart',
  });
  await waitUntil('corosync knows of neither', () => connected() === 0);
});
