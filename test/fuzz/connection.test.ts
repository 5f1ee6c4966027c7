import fs from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CmapClient, ConnectionError, type CmapTracker } from '../../src/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { honestAnswer, honestNotification, type Ingredients } from './hostile-answers.ts';
import { HostileCorosync, WORDS } from './hostile-corosync.ts';
import { headerWord, ingredients, mutate, mutation, type Mutation } from './mutations.ts';
import { allSettle, failureOf, inBoundedMemory, UnhandledErrors } from './oracle.ts';

/** Milliseconds after which a call that got no answer gives up; long enough to connect on a busy machine. */
const CALL_TIMEOUT_MS = 500;
/** What is left to the connection after the last action. */
const LINGER_MS = 2;
/** Keys of one iteration: a server that never says "no more" must not keep a test. */
const MOST_KEYS = 300;

const CALLS = {
  get: (client) => client.get('fuzz.key'),
  set: (client) => client.set('fuzz.key', { type: 'string', value: 'x' }),
  delete: (client) => client.delete('fuzz.key'),
  adjust: (client) => client.increment('fuzz.key'),
  keys: (client) => some(client.keys('fuzz.')),
  entries: (client) => some(client.entries('fuzz.')),
  'track with a listener': (client) => client.track('fuzz.', { prefix: true, listener: () => undefined }),
  'track with a loop': async (client) => readAll(await client.track('fuzz.key')),
  'track and delete': async (client) => (await client.track('fuzz.', { prefix: true })).close(),
} satisfies Record<string, (client: CmapClient) => Promise<unknown>>;

const CHANNELS = ['request', 'response', 'event'] as const;
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      call: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('notify' as const),
      of: ingredients,
      mutation,
      handle: fc.bigInt({ min: 0n, max: 4n }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('bytes' as const),
      count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 40_000 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('garble' as const),
      channel: fc.constantFrom(...CHANNELS),
      word: fc.constantFrom(
        'writePointer' as const,
        'readPointer' as const,
        'semaphore' as const,
        'flowControl' as const,
      ),
      value: headerWord(WORDS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('scribble' as const),
      channel: fc.constantFrom('response' as const, 'event' as const),
      word: fc.nat({ max: 400 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('truncate' as const),
      channel: fc.constantFrom(...CHANNELS),
      file: fc.constantFrom('header' as const, 'data' as const),
      length: fc.nat({ max: 10_000 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('hang up' as const, 'die' as const, 'close' as const) }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Answering {
  readonly of: Ingredients;
  readonly mutation: Mutation;
  readonly times: number;
}
const answering = fc.record({ of: ingredients, mutation, times: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 0, 2) });

/** Answers requests in turn. */
function answersFrom(list: readonly Answering[]): (request: Buffer) => readonly Uint8Array[] {
  let handled = 0;
  return (request) => {
    const given = list[handled++ % list.length];
    if (given === undefined) return [];
    const bytes = mutate(honestAnswer(request, given.of), given.mutation);
    return Array.from({ length: given.times }, () => bytes);
  };
}

async function some(items: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  for await (const item of items) {
    expect(item).toBeDefined();
    if (++count === MOST_KEYS) break;
  }
}

async function readAll(tracker: CmapTracker): Promise<void> {
  for await (const event of tracker) expect(['notification', 'overflow']).toContain(event.kind);
}

async function take(step: Action, server: HostileCorosync): Promise<void> {
  switch (step.do) {
    case 'call':
    case 'close':
      return; // The caller's.
    case 'notify': {
      server.notify(mutate(honestNotification(step.of, step.handle), step.mutation));
      return;
    }
    case 'bytes': {
      server.sendBytes(step.count);
      return;
    }
    case 'garble': {
      server.garble(step.channel, step.word, step.value);
      return;
    }
    case 'scribble': {
      server.scribble(step.channel, step.word, step.bytes);
      return;
    }
    case 'truncate': {
      server.truncate(step.channel, step.file, step.length);
      return;
    }
    case 'turn':
      await turn();
      return;
    case 'hang up': {
      server.hangUp();
      return;
    }
    case 'die': {
      server.die();
      return;
    }
  }
}

const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;

async function run(server: HostileCorosync, actions: readonly Action[]): Promise<void> {
  const client = await CmapClient.connect({ ...server.options, timeoutMs: CALL_TIMEOUT_MS });
  const settled: Promise<unknown>[] = [];
  for (const step of actions) {
    if (step.do === 'call') settled.push(failureOf(CALLS[step.call](client)));
    if (step.do === 'close') settled.push(failureOf(client.close()));
    await take(step, server);
  }
  await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
  client.destroy();
  await allSettle(settled);
  const end = await client.whenClosed();
  expect(end === undefined || end instanceof ConnectionError).toBe(true);
  expect(client.closed).toBe(true);
}

describe('whatever a server sends', () => {
  it(
    'every call ends, with a value or our error, and nothing is left open',
    async () => {
      using unhandled = new UnhandledErrors();
      const actions = fc.array(action, { minLength: 1, maxLength: 24, size: 'max' });
      const answers = fc.array(answering, { minLength: 1, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(actions, answers, async (list, given) => {
          const before = descriptors();
          {
            await using server = await HostileCorosync.start(answersFrom(given));
            await inBoundedMemory(() => run(server, list));
            await waitUntil('the client has closed its socket', () => server.setup.open === 0, {
              everyMs: 0,
            });
          }
          // A turn ends a moment after what was given up in it, and with it what other copies of the library are told.
          await waitUntil('nothing is left open', () => descriptors() <= before, { everyMs: 1 });
        }),
        parameters(200),
      );
      await turn();
      unhandled.check();
    },
    timeLimitMs(60_000),
  );
});
