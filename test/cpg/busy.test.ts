import { describe, expect, it } from 'vitest';
import { CpgClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { MadeCalls } from '../helpers/fake/made-calls.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const BUSY = { error: 'CS_ERR_TRY_AGAIN' } as const;
const SOON = { everyMs: 1 };

async function started(): Promise<FakeCorosync> {
  return FakeCorosync.start({ cluster: { nodes: 1 } });
}

describe('A corosync that is busy', () => {
  it('is asked again to let us join, and to let us leave', async () => {
    await using fake = await started();
    await using client = await CpgClient.connect(fake.connectOptions);
    fake.faults.add({ when: { step: 'request', service: 'cpg', request: 'join', times: 3 }, do: BUSY });
    fake.faults.add({ when: { step: 'request', service: 'cpg', request: 'leave', times: 2 }, do: BUSY });
    using calls = new MadeCalls();
    await client.join('chat', { pid: 7, listener: () => undefined });
    await client.leave();
    expect(calls.count('cpg_join')).toBe(4);
    expect(calls.count('cpg_leave')).toBe(3);
  });

  it('is not asked again after the end', async () => {
    await using fake = await started();
    const client = await CpgClient.connect(fake.connectOptions);
    fake.faults.add({
      when: { step: 'request', service: 'cpg', request: 'join', times: Infinity },
      do: BUSY,
    });
    fake.faults.add({ when: { step: 'request', service: 'cpg', request: 'finalize' }, do: { delayMs: 300 } });
    using calls = new MadeCalls();
    const join = client.join('chat', { pid: 7 });
    const refused = expect(join).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE', sent: 'no' });
    await waitUntil('it was asked twice', () => calls.count('cpg_join') >= 2, SOON);
    await client.close();
    await refused;
    expect(calls.made.at(-1)).toBe('cpg_finalize');
  });

  it('has not been asked if the join is given up: the connection is good', async () => {
    await using fake = await started();
    await using client = await CpgClient.connect(fake.connectOptions);
    fake.faults.add({
      when: { step: 'request', service: 'cpg', request: 'join', times: Infinity },
      do: BUSY,
    });
    using calls = new MadeCalls();
    const controller = new AbortController();
    const join = client.join('chat', { pid: 7, signal: controller.signal });
    await waitUntil('it was asked some times', () => calls.count('cpg_join') >= 6, SOON); // the pauses are long by now
    await client.localNodeId(); // by now it has refused
    controller.abort('no');
    await expect(join).rejects.toBe('no');
    fake.faults.clear();
    await client.join('chat', { pid: 7, listener: () => undefined });
    await client.leave();
  });

  it('has not been asked if the leave is given up: we go on as a member', async () => {
    await using fake = await started();
    await using client = await CpgClient.connect(fake.connectOptions);
    await client.join('chat', { pid: 7, listener: () => undefined });
    fake.faults.add({
      when: { step: 'request', service: 'cpg', request: 'leave', times: Infinity },
      do: BUSY,
    });
    using calls = new MadeCalls();
    const controller = new AbortController();
    const leave = client.leave({ signal: controller.signal });
    await waitUntil('it was asked some times', () => calls.count('cpg_leave') >= 6, SOON);
    await client.localNodeId(); // by now it has refused
    controller.abort('no');
    await expect(leave).rejects.toBe('no');
    fake.faults.clear();
    await client.mcast('hello', { delivered: true });
    await client.leave();
  });

  it('gets a large message again from its beginning', async () => {
    await using fake = await started();
    await using client = await CpgClient.connect(fake.connectOptions);
    const told: string[] = [];
    await client.join('chat', {
      pid: 7,
      listener: (event) =>
        void told.push(event.kind === 'message' ? String(event.message.length) : event.kind),
    });
    const fragments = { step: 'request', service: 'cpg', request: 'partialMcast' } as const;
    fake.faults.add({ when: { ...fragments, nth: 2 }, do: BUSY });
    fake.faults.add({ when: { ...fragments, nth: 8 }, do: { error: 'CS_ERR_INTERRUPT' } });
    await Promise.all([client.mcast(new Uint8Array(1_300_000)), client.mcast('behind it')]);
    await client.leave();
    expect(told).toEqual(['membership', '1300000', '9', 'membership']);
  });

  it.each([
    { refused: 'first', nth: 1 },
    { refused: 'last but one', nth: 5 },
  ])('gets nothing behind the $refused fragment when it has refused that', async ({ nth }) => {
    await using fake = await started();
    await using client = await CpgClient.connect(fake.connectOptions);
    const told: number[] = [];
    await client.join('chat', {
      pid: 7,
      listener: (event) => {
        if (event.kind === 'message') told.push(event.message.length);
      },
    });
    fake.faults.add({ when: { step: 'request', service: 'cpg', request: 'partialMcast', nth }, do: BUSY });
    using calls = new MadeCalls();
    await client.mcast(new Uint8Array(1_500_000));
    // Six fragments make the message.
    expect(calls.count('cpg_mcast_joined')).toBe(nth + 6);
    await client.mcast('behind it');
    await client.leave();
    expect(told).toEqual([1_500_000, 9]);
  });

  it('is said to be the reason when a large message is not out in time', async () => {
    await using fake = await started();
    await using client = await CpgClient.connect(fake.connectOptions);
    await client.join('chat', { pid: 7, listener: () => undefined });
    const when = {
      step: 'request',
      service: 'cpg',
      request: 'partialMcast',
      nth: 2,
      times: Infinity,
    } as const;
    fake.faults.add({ when, do: BUSY });
    const large = client.mcast(new Uint8Array(1_300_000), { timeoutMs: 1000 });
    const behind = client.mcast('behind it', { timeoutMs: 10 });
    await expect(behind).rejects.toThrow(
      /: a large message of ours, behind which this one waits, has not gone out within/,
    );
    await expect(large).rejects.toThrow(/: the message has begun again \d times, because/);
    await expect(large).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'unknown' });
  });
});
