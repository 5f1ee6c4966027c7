import { expect, it } from 'vitest';
import { CpgGroup, type CpgGroupEvent } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';

it('counts the bytes of messages that wait for a connection, too', async () => {
  await using fake = await FakeCorosync.start({ cluster: { nodes: 1 } });
  fake.die();
  await using group = CpgGroup.open('chat', { ...fake.connectOptions, listener: () => undefined });
  const controller = new AbortController();
  const calls = [
    group.mcast('hello'),
    group.mcast('never', { signal: controller.signal }).catch(() => undefined),
  ];
  expect(group.bufferedBytes).toBe(10);
  controller.abort();
  await calls[1];
  expect(group.bufferedBytes).toBe(5);
  await fake.restart();
  await calls[0];
  expect(group.bufferedBytes).toBe(0);
});

it('says who of the group we are, and were when the connection was lost', async () => {
  await using fake = await FakeCorosync.start({ cluster: { nodes: 2 } });
  fake.cpg.join('chat', { nodeId: 2, pid: 7 }); // only the node tells us apart
  const told: CpgGroupEvent[] = [];
  await using group = CpgGroup.open('chat', {
    ...fake.connectOptions,
    pid: 7,
    listener: (event) => void told.push(event),
  });
  expect(group.address).toBeUndefined();
  await group.ready();
  expect(group.address).toEqual({ nodeId: 1, pid: 7 });
  fake.die();
  await waitUntil('it is lost', () => told.some(({ kind }) => kind === 'lost'));
  expect(group.address).toEqual({ nodeId: 1, pid: 7 });
});
