import { expect, it, onTestFinished } from 'vitest';
import { CpgClient, CpgGroup, type CpgGroupEvent } from '../../src/cpg/index.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { firstDelayMs: 20, maxDelayMs: 50 } as const;

/** What is compared of an event. */
function shorten(event: CpgGroupEvent): string {
  switch (event.kind) {
    case 'message':
      return `${event.from.pid}: ${Buffer.from(event.message).toString()}`;
    case 'membership':
    case 'joined':
    case 'rejoined':
      return `${event.kind} ${event.members.map(({ pid }) => pid).join()}`;
    default:
      return event.kind;
  }
}

describeOnCorosync('CpgGroup', (suite) => {
  const opened = (pid: number): { group: CpgGroup; told: CpgGroupEvent[] } => {
    const told: CpgGroupEvent[] = [];
    const group = CpgGroup.open('chat', { pid, backOff: SOON, listener: (event) => void told.push(event) });
    // Where the test fails before its own closing: a process of that pid would be in the way of the next one.
    onTestFinished(() => group.close());
    return { group, told };
  };

  it('joins, and sends in the order of the calls, also of those that came before', async () => {
    const { group, told } = opened(1);
    const early = ['a', 'b', 'c'].map((text) => group.mcast(text));
    expect(group.members).toBeUndefined();
    await group.ready();
    const later = ['d', 'e'].map((text) => group.mcast(text));
    await Promise.all([...early, ...later]);
    await group.mcast('f', { delivered: true });
    expect(told.map(shorten)).toEqual(['joined 1', '1: a', '1: b', '1: c', '1: d', '1: e', '1: f']);
    expect({ group: group.group, pid: group.pid, members: group.members }).toEqual({
      group: 'chat',
      pid: 1,
      members: [{ nodeId: 1, pid: 1 }],
    });
    await group.close();
    await expect(group.mcast('too late')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });

  it('is told to a loop, from its joining to its closing', async () => {
    const group = CpgGroup.open('chat', { pid: 1 });
    const read: string[] = [];
    for await (const event of group.events()) {
      read.push(shorten(event));
      if (event.kind === 'joined') await group.mcast('hello');
      else await group.close();
    }
    expect(read).toEqual(['joined 1', '1: hello']);
  });

  it('joins again when corosync is back, and says what is known of the time between', async () => {
    const { group, told } = opened(1);
    const other = await CpgClient.connect();
    await group.ready();
    await other.join('chat', { pid: 2, listener: () => undefined });
    await group.mcast('before', { delivered: true });

    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    await waitUntil('the loss is told', () => told.some(({ kind }) => kind === 'lost'));
    expect(group.members).toBeUndefined();
    const between = ['x', 'y'].map((text) => group.mcast(text));
    await suite.restart();
    await Promise.all(between);
    await group.ready();
    await group.mcast('after', { delivered: true });
    expect(told.map(shorten)).toEqual([
      'joined 1',
      'membership 1,2',
      '1: before',
      'lost',
      'rejoined 1',
      '1: x',
      '1: y',
      '1: after',
    ]);
    expect(told[3]).toMatchObject({ error: { name: 'ConnectionError' } });
    const us = { nodeId: 1, pid: 1 };
    expect(told[4]).toEqual({
      kind: 'rejoined',
      members: [us],
      joined: [{ ...us, reason: 'join' }],
      gap: { ms: expect.any(Number) as number, gone: [{ nodeId: 1, pid: 2 }], come: [] },
    });
    await group.close();
  });

  it('never sends a message twice, and says of each whether it may have gone out', async () => {
    const { group, told } = opened(1);
    await group.ready();
    await group.mcast('delivered', { delivered: true });
    suite.corosync.kill('SIGSTOP');
    const calls = Array.from({ length: 20 }, (_, index) => group.mcast(`message ${index}`));
    // The first batch is with corosync, which has not begun with it; the rest waits behind it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    calls.push(...Array.from({ length: 20 }, (_, index) => group.mcast(`later ${index}`)));
    const outcomes = Promise.allSettled(calls);
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ reason: { name: 'ConnectionError', operation: 'cpg_mcast_joined' } });
    const sent = (await outcomes).map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as CpgError).sent : '',
    );
    expect(new Set(sent.slice(20))).toEqual(new Set(['no']));
    expect(sent.slice(1, 20).every((each) => each === 'no')).toBe(true);
    await suite.restart();
    await group.ready();
    await group.mcast('after', { delivered: true });
    expect(told.map(shorten)).toEqual(['joined 1', '1: delivered', 'lost', 'rejoined 1', '1: after']);
    await group.close();
  });

  it('cannot be where a process of the same pid is, and says so', async () => {
    await using other = await CpgClient.connect();
    await other.join('chat', { pid: 1, listener: () => undefined });
    const group = CpgGroup.open('chat', { pid: 1, backOff: SOON });
    await expect(group.ready()).rejects.toMatchObject({ code: 'CS_ERR_EXIST' });
    const read = async (): Promise<void> => {
      for await (const event of group.events()) expect(event).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject({ code: 'CS_ERR_EXIST' });
    expect(group.status).toEqual({ state: 'closed' });
    await group.close();
  });

  it('is left where its reader is too slow', async () => {
    suite.letEventsQueue();
    const { group: sender } = opened(1);
    await sender.ready();
    const lagging = CpgGroup.open('chat', { pid: 2, maxQueuedBytes: 64 * 1024, backOff: SOON });
    await lagging.ready();
    for (let count = 0; count < 100; count += 1) await sender.mcast(Buffer.alloc(1000), { delivered: true });
    const read = async (): Promise<void> => {
      for await (const event of lagging.events()) expect(['joined', 'message']).toContain(event.kind);
    };
    await expect(read()).rejects.toMatchObject({ code: 'CS_ERR_NO_SPACE' });
    await waitUntil('it has left', () => sender.members?.length === 1);
    await expect(lagging.ready()).rejects.toMatchObject({ code: 'CS_ERR_NO_SPACE' });
    await sender.close();
  });

  it('checks its options and messages at once', async () => {
    for (const name of ['', 'nul\0', 1 as never])
      expect(() => CpgGroup.open(name)).toThrow(expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM' }));
    for (const options of [{ pid: -1 }, { access: 'read' }, { bufferSize: 65_536 }, { windowBytes: 1 }])
      expect(() => CpgGroup.open('chat', options as never)).toThrow(
        expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM' }),
      );
    const group = CpgGroup.open('chat', { socketName: 'cpg-of-nobody', listener: () => undefined });
    await expect(group.mcast(1 as never)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    await expect(group.mcast('text', { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      sent: 'no',
    });
    await group.close();
  });
});

interface CpgError extends Error {
  readonly sent: string;
}
