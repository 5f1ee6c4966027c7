import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionError, CpgClient, type CpgEvent } from '../../src/index.ts';
import {
  resCpgConfchg,
  resCpgDeliver,
  resCpgIterationInitialize,
  resCpgIterationNext,
  resCpgIterationNextError,
  resCpgLocalGet,
  resCpgPartialDeliver,
  resCpgTotemConfchg,
} from '../helpers/wire/cpg-messages.ts';
import { resHeaderOnly } from '../helpers/wire/message-builder.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { HONEST, HostileCorosync } from './hostile-corosync.ts';
import { mutate, mutation, type Mutation } from './mutations.ts';
import { allSettle, failureOf, UnhandledErrors } from './oracle.ts';

const GROUP = Buffer.from('fuzz').toString('hex');
const US = { nodeId: 1, pid: 7 };
const OTHER = { nodeId: 2, pid: 9 };
/** What a call that got no answer waits; long enough to connect on a busy machine. */
const CALL_TIMEOUT_MS = 500;
const NO_SECTIONS = 27;
/** A server that never says "no more" must not keep a test. */
const MOST_ITEMS = 5;

const CALLS = {
  mcast: (client) => client.mcast('hello'),
  'mcast and see it back': (client) => client.mcast('hello', { delivered: true }),
  'mcast in fragments': (client) => client.mcast(Buffer.alloc(1_100_000)),
  members: (client) => client.members('fuzz'),
  groups: (client) => client.groups(),
  leave: (client) => client.leave(),
  close: (client) => client.close(),
} satisfies Record<string, (client: CpgClient) => Promise<unknown>>;

const sender = fc.constantFrom(US, OTHER, { nodeId: 0, pid: 0xffff_ffff });
const content = fc.constantFrom('', Buffer.from('hello').toString('hex'), '61'.repeat(300));
const changes = fc.array(
  fc.record({ nodeId: fc.constantFrom(1, 2), pid: fc.constantFrom(7, 9), reason: fc.nat({ max: 7 }) }),
  { maxLength: 4 },
);
const length = fc.oneof(fc.nat({ max: 700 }), fc.constantFrom(1_048_577, 0x7fff_ffff, 0xffff_ffff));

const event = fc.oneof(
  fc
    .record({ from: sender, bytes: content })
    .map(({ from, bytes }) => resCpgDeliver({ group: GROUP, ...from, bytes })),
  fc
    .record({ from: sender, bytes: content, part: fc.nat({ max: 4 }), messageLength: length })
    .map(({ from, ...rest }) => resCpgPartialDeliver({ group: GROUP, ...from, ...rest })),
  fc
    .record({ members: changes, left: changes, joined: changes })
    .map((lists) => resCpgConfchg({ group: GROUP, ...lists })),
  fc
    .array(fc.nat({ max: 5 }), { maxLength: 5 })
    .map((members) => resCpgTotemConfchg({ ringId: { nodeId: 1, seq: '4' }, members })),
);

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      call: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('event' as const), event, mutation }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('a byte' as const, 'hang up' as const, 'die' as const) }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** As corosync could answer. A message is answered by nothing. */
function honestAnswer(request: Buffer, handled: number): Buffer | undefined {
  const error = 1;
  switch (request.readInt32LE(0)) {
    case 2:
      return undefined;
    case 4:
      return resCpgLocalGet({ error, nodeId: US.nodeId }).toBytes();
    case 5:
      return resCpgIterationInitialize({ error, handle: '5' }).toBytes();
    case 6:
      return handled % MOST_ITEMS === 0
        ? resCpgIterationNextError({ error: NO_SECTIONS }).toBytes()
        : resCpgIterationNext({ error, group: GROUP, ...OTHER }).toBytes();
    case 7:
      return resHeaderOnly({ id: 11, error }).toBytes();
    case 8:
      return resHeaderOnly({ id: 12, error }).toBytes();
    case 12:
      return resHeaderOnly({ id: 18, error }).toBytes();
    default:
      return resHeaderOnly({ id: request.readInt32LE(0), error }).toBytes();
  }
}

/** Honest until somebody has joined. */
class Server {
  readonly #mutations: readonly Mutation[];
  #handled = 0;
  #onJoin: () => void = () => undefined;
  #hasJoined = false;

  constructor(mutations: readonly Mutation[]) {
    this.#mutations = mutations;
  }

  /** Joins, and is told of that. */
  async join(client: CpgClient, server: HostileCorosync, listener: (event: CpgEvent) => void): Promise<void> {
    const view = { members: [US, OTHER], left: [], joined: [{ ...US, reason: 1 }] };
    this.#onJoin = () => server.notify(resCpgConfchg({ group: GROUP, ...view }).toBytes());
    const limits = { maxMessageBytes: 1_200_000, maxQueuedBytes: 100_000 };
    await client.join('fuzz', { pid: US.pid, ...limits, listener, timeoutMs: 10_000 });
    this.#hasJoined = true;
  }

  readonly answers = (request: Buffer): readonly Uint8Array[] => {
    this.#handled += 1;
    if (request.readInt32LE(0) === 0) setImmediate(this.#onJoin);
    const honest = honestAnswer(request, this.#handled);
    if (honest === undefined) return [];
    const change = this.#hasJoined ? this.#mutations[this.#handled % this.#mutations.length] : undefined;
    return [change === undefined ? honest : mutate(honest, change)];
  };
}

async function run(server: HostileCorosync, state: Server, actions: readonly Action[]): Promise<void> {
  const client = await CpgClient.connect({ ...server.options, timeoutMs: CALL_TIMEOUT_MS });
  const told: CpgEvent[] = [];
  await state.join(client, server, (one) => void told.push(one));
  const settled: Promise<unknown>[] = [];
  for (const step of actions) {
    if (step.do === 'call') settled.push(failureOf(CALLS[step.call](client)));
    else if (step.do === 'event') server.notify(mutate(step.event.toBytes(), step.mutation));
    else if (step.do === 'a byte') server.sendBytes(1);
    else if (step.do === 'hang up') server.hangUp();
    else if (step.do === 'die') server.die();
    else await turn();
  }
  await sleep(2);
  client.destroy();
  await allSettle(settled);
  const end = await client.whenClosed();
  expect(end === undefined || end instanceof ConnectionError).toBe(true);
  for (const one of told) expect(['message', 'membership', 'ring']).toContain(one.kind);
}

describe('whatever a server of cpg sends', () => {
  it(
    'every call ends, with a value or our error, and what is told is an event',
    async () => {
      using unhandled = new UnhandledErrors();
      const actions = fc.array(action, { minLength: 1, maxLength: 20, size: 'max' });
      const mutations = fc.array(mutation, { minLength: 1, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(actions, mutations, async (list, given) => {
          const state = new Server(given);
          await using server = await HostileCorosync.start(state.answers, { ...HONEST, service: 'cpg' });
          await run(server, state, list);
          await waitUntil('the client has closed its socket', () => server.setup.open === 0, { everyMs: 0 });
        }),
        parameters(150),
      );
      await turn();
      unhandled.check();
    },
    timeLimitMs(60_000),
  );
});
