import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CfgClient,
  QuorumClient,
  QuorumSession,
  VotequorumClient,
  type CsErrorName,
  type QuorumFollowEvent,
} from '../../src/index.ts';
import {
  FakeCorosync,
  type FakeConnectOptions,
  type FakeService,
  type Fault,
  type MessageFault,
  type RequestName,
} from '../../src/testing/index.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
/** Beyond pid_max: a client that looks whether its server lives finds that it does not. */
const NOBODY = 2 ** 22 + 1;
/** Milliseconds of calls that are to end in CS_ERR_TIMEOUT; no other may last until its own. */
const IN_VAIN_MS = 50;
/** Of such that are to be sent before, on a connection of their own, on any machine. */
const SENT_IN_VAIN_MS = 1000;
const CALL_MS = 60_000;
/** Made on connections of their own, whose answer is awaited for as long as the call lasts. */
const ANSWERED_LATE: readonly RequestName[] = ['qdeviceRegister', 'reloadConfig'];
/** On a connection that is just being made: corosync may have removed its rings. */
const LOST: readonly CsErrorName[] = ['CS_ERR_LIBRARY', 'CS_ERR_NOT_EXIST'];
const RING_ID = { nodeId: 1, seq: 1n };

interface Connected {
  call(timeoutMs: number): Promise<unknown>;
  destroy(): void;
}

interface Call {
  readonly service: FakeService;
  readonly request: RequestName;
  /** What corosync answers when nothing goes wrong. */
  readonly answer: CsErrorName;
  readonly connect: (options: FakeConnectOptions) => Promise<Connected>;
}

const quorum = (
  request: RequestName,
  call: (client: QuorumClient, timeoutMs: number) => Promise<unknown>,
  answer: CsErrorName = 'CS_OK',
): Call => ({
  service: 'quorum',
  request,
  answer,
  connect: async (options) => connected(await QuorumClient.connect(options), call),
});
const votequorum = (
  request: RequestName,
  call: (client: VotequorumClient, timeoutMs: number) => Promise<unknown>,
  answer: CsErrorName = 'CS_OK',
): Call => ({
  service: 'votequorum',
  request,
  answer,
  connect: async (options) => connected(await VotequorumClient.connect(options), call),
});
const cfg = (
  request: RequestName,
  call: (client: CfgClient, timeoutMs: number) => Promise<unknown>,
  answer: CsErrorName = 'CS_OK',
): Call => ({
  service: 'cfg',
  request,
  answer,
  connect: async (options) => connected(await CfgClient.connect(options), call),
});

function connected<Client extends { destroy(): void }>(
  client: Client,
  call: (client: Client, timeoutMs: number) => Promise<unknown>,
): Connected {
  return { call: (timeoutMs) => call(client, timeoutMs), destroy: () => client.destroy() };
}

const CALLS: readonly Call[] = [
  quorum('getQuorate', (client, timeoutMs) => client.getQuorate({ timeoutMs })),
  quorum('trackStart', (client, timeoutMs) => client.track({ timeoutMs })),
  votequorum('getInfo', (client, timeoutMs) => client.getInfo(2, { timeoutMs })),
  votequorum('trackStart', (client, timeoutMs) => client.track({ timeoutMs })),
  cfg('localGet', (client, timeoutMs) => client.localNodeId({ timeoutMs })),
  cfg('ringStatusGet', (client, timeoutMs) => client.ringStatus({ timeoutMs })),
  cfg('nodeStatusGet', (client, timeoutMs) => client.nodeStatus(2, { timeoutMs })),
  cfg('getNodeAddrs', (client, timeoutMs) => client.nodeAddresses(2, { timeoutMs })),
  // Those that change something. No quorum device is registered, no node of that id is there, and nobody wants the shutdown.
  votequorum('setExpected', (client, timeoutMs) => client.setExpected(3, { timeoutMs })),
  votequorum('setVotes', (client, timeoutMs) => client.setVotes(2, 1, { timeoutMs })),
  votequorum('qdeviceRegister', (client, timeoutMs) => client.qdeviceRegister('disk', { timeoutMs })),
  votequorum(
    'qdeviceUnregister',
    (client, timeoutMs) => client.qdeviceUnregister('disk', { timeoutMs }),
    'CS_ERR_NOT_EXIST',
  ),
  votequorum(
    'qdeviceUpdate',
    (client, timeoutMs) => client.qdeviceUpdate('disk', 'net', { timeoutMs }),
    'CS_ERR_NOT_EXIST',
  ),
  votequorum(
    'qdevicePoll',
    (client, timeoutMs) => client.qdevicePoll('disk', true, RING_ID, { timeoutMs }),
    'CS_ERR_NOT_EXIST',
  ),
  votequorum(
    'qdeviceMasterWins',
    (client, timeoutMs) => client.qdeviceMasterWins('disk', true, { timeoutMs }),
    'CS_ERR_NOT_EXIST',
  ),
  cfg('killNode', (client, timeoutMs) => client.killNode(99, '', { timeoutMs }), 'CS_ERR_NOT_EXIST'),
  cfg('reloadConfig', (client, timeoutMs) => client.reloadConfig({ timeoutMs })),
  cfg('reopenLogFiles', (client, timeoutMs) => client.reopenLogFiles({ timeoutMs })),
];

/** A client connected to a fake of three nodes; afterwards nothing is left of it. */
async function trial(
  { request, connect }: Call,
  use: (fake: FakeCorosync, client: Connected) => Promise<void>,
): Promise<void> {
  const fake = await FakeCorosync.start({ cluster: { nodes: 3, links: 2 }, pid: NOBODY });
  const { sharedMemoryDirectory = '' } = fake.connectOptions;
  try {
    const client = await connect({ ...fake.connectOptions });
    await use(fake, client);
    client.destroy();
    fake.faults.clear();
    // What corosync has still to answer stays until it has, which it does not here.
    if (ANSWERED_LATE.includes(request) && fake.running)
      for (const unanswered of fake.clients) unanswered.close();
    await waitUntil('the server has lost its clients', () => fake.clients.length === 0, SOON);
    const rings = (): string[] =>
      fs.readdirSync(sharedMemoryDirectory).filter((name) => name.startsWith('qb-'));
    await waitUntil('the ring files are gone', () => rings().length === 0, SOON);
  } finally {
    await fake.stop();
  }
}

/** What a call ends in while something goes wrong once. */
async function outcomeUnder(
  call: Call,
  when: 'request' | 'response',
  effect: Fault['do'],
  timeoutMs = CALL_MS,
): Promise<CsErrorName> {
  let outcome: CsErrorName = 'CS_OK';
  await trial(call, async (fake, client) => {
    const { service, request } = call;
    const fault = fake.faults.add({ when: { step: when, service, request }, do: effect } as Fault);
    outcome = await ourOutcome(() => client.call(timeoutMs));
    expect(fault.struck).toBe(1);
  });
  return outcome;
}

describe.each(CALLS)('$service, $request', (call) => {
  it.each<['request' | 'response', 'before' | 'after']>([
    ['request', 'before'],
    ['request', 'after'],
    ['response', 'before'],
  ])('corosync dies %s, %s: the call ends with the connection', async (when, die) => {
    expect(await outcomeUnder(call, when, { die })).toBe('CS_ERR_LIBRARY');
  });

  it('corosync restarts meanwhile: so does it', async () => {
    await trial(call, async (fake, client) => {
      fake.pause();
      const outcome = ourOutcome(() => client.call(CALL_MS));
      await fake.restart();
      expect(LOST).toContain(await outcome);
    });
  });

  it('corosync is stopped: the call has its time, and the next one is answered when corosync goes on', async () => {
    await trial(call, async (fake, client) => {
      fake.pause();
      expect(await ourOutcome(() => client.call(IN_VAIN_MS))).toBe('CS_ERR_TIMEOUT');
      fake.resume();
      expect(await ourOutcome(() => client.call(CALL_MS))).toBe(call.answer);
    });
  });

  it('an error is passed on, and the connection lives', async () => {
    await trial(call, async (fake, client) => {
      const { service, request } = call;
      fake.faults.add({ when: { step: 'request', service, request }, do: { error: 'CS_ERR_TRY_AGAIN' } });
      expect(await ourOutcome(() => client.call(CALL_MS))).toBe('CS_ERR_TRY_AGAIN');
      expect(await ourOutcome(() => client.call(CALL_MS))).toBe(call.answer);
    });
  });

  it('an answer that never comes ends the connection, or the call when its time is up', async () => {
    const late = ANSWERED_LATE.includes(call.request);
    const outcome = await outcomeUnder(call, 'response', { drop: true }, late ? SENT_IN_VAIN_MS : CALL_MS);
    expect(outcome).toBe(late ? 'CS_ERR_TIMEOUT' : 'CS_ERR_LIBRARY');
  });

  it.each<[string, MessageFault, CsErrorName]>([
    ['states another size', { size: 16 }, 'CS_ERR_SECURITY'],
    ['has another id', { id: 99 }, 'CS_ERR_SECURITY'],
    ['is cut off', { change: (answer) => answer.subarray(0, 20) }, 'CS_ERR_SECURITY'],
    ['is empty', { change: () => Buffer.alloc(24) }, 'CS_ERR_SECURITY'],
  ])('an answer that %s ends the connection', async (_what, effect, expected) => {
    expect(await outcomeUnder(call, 'response', effect)).toBe(expected);
  });

  it('an answer of nonsense is an answer or an error, and never anything else', async () => {
    const random = new Random(CALLS.indexOf(call) + 1);
    for (let round = 0; round < 10; round++) {
      const change = (answer: Buffer): Buffer => {
        for (let changes = random.below(8); changes >= 0; changes--)
          answer[24 + random.below(Math.max(answer.length - 24, 1))] = random.below(256);
        return answer;
      };
      const outcome = await outcomeUnder(call, 'response', { change });
      expect(['CS_OK', 'CS_ERR_SECURITY', call.answer]).toContain(outcome);
    }
  });
});

describe('events of quorum and votequorum', () => {
  it.each<['quorum' | 'votequorum', MessageFault]>(
    (['quorum', 'votequorum'] as const).flatMap((service): ['quorum' | 'votequorum', MessageFault][] => [
      [service, { size: 16 }],
      [service, { change: (event) => event.fill(0xff, 24) }],
      [service, { change: (event) => event.subarray(0, 30) }],
    ]),
  )('%s: nonsense ends the connection, and its trackers are told', async (service, effect) => {
    await using fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
    const Client = service === 'quorum' ? QuorumClient : VotequorumClient;
    const client = await Client.connect(fake.connectOptions);
    const told: unknown[] = [];
    const tracker = await client.track();
    const reading = (async () => {
      for await (const event of tracker) told.push(event);
    })().catch((error: unknown) => error);
    await waitUntil('the snapshot is told', () => told.length === 2, SOON);
    fake.faults.add({ when: { step: 'event', service }, do: effect });
    fake.cluster.lose(3);
    expect(await reading).toMatchObject({ code: 'CS_ERR_SECURITY' });
    expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_SECURITY' });
  });

  it('an event of an unknown id is passed over', async () => {
    await using fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
    await using client = await VotequorumClient.connect(fake.connectOptions);
    const told: string[] = [];
    await client.track({ listener: ({ kind }) => void told.push(kind) });
    fake.faults.add({ when: { step: 'event', service: 'votequorum' }, do: { id: 99 } });
    fake.cluster.lose(3);
    await waitUntil('the rest is told', () => told.length === 3, SOON);
    expect(told).toEqual(['nodelist', 'quorum', 'quorum']);
  });
});

it('a session of quorum heals whatever happens to its connection', async () => {
  await using fake = await FakeCorosync.start({ cluster: { nodes: 3 } });
  await using session = QuorumSession.open({
    ...fake.connectOptions,
    backOff: { firstDelayMs: 10, maxDelayMs: 20 },
  });
  const told: QuorumFollowEvent[] = [];
  await using follower = session.follow({ listener: (event) => void told.push(event) });
  await session.ready();
  const faults: readonly Fault[] = [
    { when: { step: 'welcome', service: 'quorum' }, do: { refuse: 'EAGAIN' } },
    { when: { step: 'response', service: 'quorum', request: 'modelGetType' }, do: { die: 'before' } },
    { when: { step: 'response', service: 'quorum', request: 'trackStart' }, do: { size: 1 } },
    { when: { step: 'event', service: 'quorum' }, do: { die: 'during' } },
  ];
  for (const [index, fault] of faults.entries()) {
    fake.faults.add(fault);
    fake.die();
    const members = index % 2 === 0 ? [1, 2, 3] : [1];
    const cluster = { nodes: 3, members };
    await waitUntil(
      'it has healed',
      async () => {
        if (!fake.running) await fake.restart({ cluster });
        return (
          fake.running &&
          told.at(-1)?.kind === 'resynced' &&
          follower.current?.members.length === members.length
        );
      },
      { everyMs: 5 },
    );
    expect(follower.current).toMatchObject({ members, quorate: members.length > 1 });
  }
});
