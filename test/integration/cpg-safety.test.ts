import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { CpgClient, type CpgEvent } from '../../src/cpg/index.ts';
import { CpgPeer } from '../helpers/corosync/cpg-peer.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { CpgWireAudit } from '../helpers/wire/cpg-wire-audit.ts';

const CS_OK = 1;
const NOT_HEARD = { listener: () => undefined } as const;

/** Each way in which a client could hurt corosync (docs/safety.md): it is shut, and corosync, whose log is looked at after each test, does well. */
describeOnCorosync('What could hurt corosync', (suite) => {
  it(
    'a group has at most 100 processes of a node, also where many join at once',
    { timeout: 120_000 },
    async () => {
      // Over shared memory each takes three megabytes.
      if (suite.transport === 'shared-memory') return;
      const clients = await Promise.all(Array.from({ length: 104 }, () => CpgClient.connect()));
      const joins = await Promise.allSettled(
        clients.map((client, index) =>
          client.join('crowd', { pid: 1 + index, timeoutMs: 100_000, ...NOT_HEARD }),
        ),
      );
      const refused = joins.flatMap((join) => (join.status === 'rejected' ? [join.reason as unknown] : []));
      expect(refused).toHaveLength(4);
      for (const error of refused)
        expect(error).toMatchObject({ code: 'CS_ERR_NO_RESOURCES', operation: 'cpg_join' });
      await using asking = await CpgClient.connect({ access: 'read' });
      expect(await asking.members('crowd')).toHaveLength(100);
      await using late = await CpgClient.connect();
      await expect(late.join('crowd', { pid: 1000 })).rejects.toMatchObject({
        code: 'CS_ERR_NO_RESOURCES',
        sent: 'no',
      });
      await late.join('another group', NOT_HEARD);
      await Promise.all(clients.map((client) => client.close()));
      expect(await asking.members('crowd')).toEqual([]);
    },
  );

  it('leaves nobody behind in a group, however a client ends', { timeout: 120_000 }, async () => {
    const random = new Random(7);
    await using asking = await CpgClient.connect({ access: 'read' });
    const waysToEnd: readonly ((client: CpgClient) => Promise<unknown>)[] = [
      (client) => client.close(),
      (client) => client.leave().then(() => client.close()),
      (client) => Promise.all([client.leave(), client.close()]),
      (client) => Promise.all([client.leave().catch(() => undefined), destroyed(client)]),
      destroyed,
      (client) => client.leave({ timeoutMs: 0 }).catch(() => client.close()),
    ];
    for (let round = 0; round < 40; round += 1) {
      const client = await CpgClient.connect();
      const limits = random.below(3) === 0 ? { timeoutMs: random.below(3) } : {};
      const join = client.join('zombies', { pid: 1, ...NOT_HEARD, ...limits }).catch(() => undefined);
      if (random.below(4) > 0) await join;
      const message = client.mcast('hello').catch(() => undefined);
      await waysToEnd[random.below(waysToEnd.length)]?.(client).catch(() => undefined);
      await Promise.all([join, message]);
      await client.close();
      await waitUntil('nobody is there', async () => (await asking.members('zombies')).length === 0);
    }
    // A member that is left behind keeps its pid and name for ever.
    await using last = await CpgClient.connect();
    expect((await last.join('zombies', { pid: 1, ...NOT_HEARD })).members).toHaveLength(1);
  });

  it('has bounded bytes of messages on their way, whatever the program sends', async () => {
    await using client = await CpgClient.connect();
    await client.join('flood', { windowBytes: 65_536, ...NOT_HEARD });
    suite.corosync.pause();
    const calls = Array.from({ length: 1000 }, () => client.mcast(Buffer.alloc(1000)));
    await waitUntil('some are on their way', () => client.bufferedBytes < 1_000_000);
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(client.bufferedBytes).toBeGreaterThan(1_000_000 - 65_536);
    suite.corosync.resume();
    await Promise.all(calls);
    await client.leave();
  });

  it('refuses names and messages that would hurt, and nothing reaches corosync', async () => {
    await using client = await CpgClient.connect();
    const requests = async (): Promise<number> => {
      const statistics = await suite.corosync.statistics('stats.ipcs.');
      const counts = [...statistics].filter(
        ([key]) => key.includes(`.${process.pid}.`) && key.endsWith('.requests'),
      );
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    await client.localNodeId();
    const before = await requests();
    expect(before).toBeGreaterThan(0);
    for (const name of ['', 'x'.repeat(128), 'a\0b', Buffer.from('\0')])
      await expect(client.join(name)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM', sent: 'no' });
    await expect(client.mcast('without a group')).rejects.toMatchObject({
      code: 'CS_ERR_NOT_EXIST',
      sent: 'no',
    });
    await expect(client.leave()).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST', sent: 'no' });
    await expect(CpgClient.connect({ bufferSize: 1_048_576 })).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
    });
    expect(await requests()).toBe(before);
  });

  it('is closed without a complaint of corosync while events flow', async () => {
    suite.letEventsQueue();
    const sender = await CpgClient.connect();
    await sender.join('flow', { pid: 1, ...NOT_HEARD });
    let isOver = false;
    const send = async (): Promise<void> => {
      while (!isOver) await Promise.all(Array.from({ length: 50 }, () => sender.mcast(Buffer.alloc(500))));
    };
    const sending = send();
    for (let round = 0; round < 20; round += 1) {
      const client = await CpgClient.connect();
      await client.join('flow', { pid: 2, ...NOT_HEARD });
      await client.mcast('here', { delivered: true });
      await client.close();
    }
    isOver = true;
    await sending;
    await sender.close();
  });

  it('asks about groups without the request that makes corosync abort', async () => {
    const members = await Promise.all(
      [1, 2, 3].map(async (pid) => {
        const client = await CpgClient.connect();
        await client.join('asked', { pid, ...NOT_HEARD });
        return client;
      }),
    );
    await using client = await CpgClient.connect();
    // Iterations are given back: corosync keeps them, and a copy of all that there is, as long as the connection lasts.
    for (let round = 0; round < 200; round += 1) expect(await client.members('asked')).toHaveLength(3);
    const controller = new AbortController();
    const abandoned = Array.from({ length: 50 }, () => client.allMembers({ signal: controller.signal }));
    controller.abort('enough');
    for (const outcome of await Promise.allSettled(abandoned)) expect(outcome.status).toBe('rejected');
    expect(await client.groups()).toEqual([{ group: 'asked' }]);
    await Promise.all(members.map((member) => member.close()));
  });
});

describeOnCorosync(
  'Every byte that goes to corosync',
  (suite) => {
    it('keeps the rules that corosync does not check', { timeout: 120_000 }, async () => {
      suite.letEventsQueue();
      const random = new Random(1);
      using audit = new CpgWireAudit();
      for (let round = 0; round < 6; round += 1) {
        const client = await CpgClient.connect();
        await client.join(`audit ${random.below(2)}`, { pid: round, ...NOT_HEARD });
        const calls = Array.from({ length: 300 }, () => anyCall(client, random));
        await Promise.allSettled(calls);
        if (random.below(2) === 0) await client.leave();
        await client.close();
      }
      expect(audit.violations).toEqual([]);
      expect(Object.keys(audit.requests)).toEqual(['0', '1', '2', '4', '5', '6', '7', '8', '12']);
    });

    it('is seen by the audit', () => {
      using audit = new CpgWireAudit();
      const bad = Buffer.alloc(60);
      bad.writeInt32LE(2, 0);
      bad.writeInt32LE(60, 8);
      bad.writeUInt32LE(21, 32);
      audit.readRequest(bad, 'ring');
      bad.writeInt32LE(9, 0);
      audit.readRequest(bad, 'ring');
      expect(audit.violations).toEqual([
        'a message without a group',
        'mcast: msglen 21 for 20 bytes',
        'request 9',
      ]);
    });

    it('fetches what waits inside corosync, for an event of more than half of the ring', async () => {
      suite.letEventsQueue();
      await using client = await CpgClient.connect();
      const COUNT = 16;
      const told: CpgEvent[] = [];
      await client.join('late', { pid: 1, listener: (event) => void told.push(event) });
      const turns: boolean[] = [];
      client.whenBehind((behind) => void turns.push(behind));
      await using peer = new CpgPeer();
      await peer.connect();
      await peer.join('late');
      const sent = peer.mcastMany(COUNT, 1_000_000, 1);
      // We are late: one event fits the ring, the others wait in corosync, which looks after them every 50 ms, if nobody wakes it. Nothing of this
      // process runs until then.
      await new Promise((resolve) => setTimeout(resolve, 20));
      const giveUpAt = performance.now() + 10_000;
      while (!eventsWait() && performance.now() < giveUpAt)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      expect(await sent).toBe(CS_OK);
      await waitUntil('all has come', () => told.filter(({ kind }) => kind === 'message').length === COUNT);
      expect(turns[0]).toBe(true);
      await waitUntil('nothing waits any more', () => turns.at(-1) === false);
      expect(client.behind).toBe(false);
    });
  },
  {},
  ['shared-memory'],
);

/** Whether corosync has events for this process that did not fit its ring. */
function eventsWait(): boolean {
  const statistics = execFileSync('corosync-cmapctl', ['-m', 'stats', 'stats.ipcs.service2.'], {
    encoding: 'utf8',
  });
  return new RegExp(`\\.${process.pid}\\.\\w+\\.queued \\(u64\\) = [1-9]`).test(statistics);
}

function destroyed(client: CpgClient): Promise<void> {
  client.destroy();
  return Promise.resolve();
}

function anyCall(client: CpgClient, random: Random): Promise<unknown> {
  const sizes = [0, 1, 63, 1000, 65_536, 1_047_552, 1_047_553, 2_500_000];
  switch (random.below(8)) {
    case 0:
      return client.members('audit 0');
    case 1:
      return random.below(8) === 0
        ? client.mcast(Buffer.alloc(sizes[random.below(8)] ?? 0))
        : client.groups();
    case 2:
      return client.mcast('given up', { signal: AbortSignal.timeout(random.below(3)) });
    default:
      return client.mcast(Buffer.alloc(sizes[random.below(5)] ?? 0), { delivered: random.below(2) === 0 });
  }
}
