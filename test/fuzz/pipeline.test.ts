import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdjustIntRequest } from '../../src/codec/cmap/adjust-int.ts';
import { DeleteRequest } from '../../src/codec/cmap/delete.ts';
import { GetRequest } from '../../src/codec/cmap/get.ts';
import { IterFinalizeRequest, IterInitRequest, IterNextRequest } from '../../src/codec/cmap/iterate.ts';
import { SetRequest } from '../../src/codec/cmap/set.ts';
import { SetCurrentMapRequest } from '../../src/codec/cmap/set-current-map.ts';
import { TrackAddRequest, TrackDeleteRequest } from '../../src/codec/cmap/track.ts';
import type { RequestMessage } from '../../src/codec/message.ts';
import { RING_HEADER } from '../../src/codec/ring-layout.ts';
import { PendingCall } from '../../src/ipc/calls/pending-call.ts';
import { RequestPipeline } from '../../src/ipc/shared-memory/ring-pipeline.ts';
import { RequestRing } from '../../src/ipc/shared-memory/request-ring.ts';
import { ResponseRing } from '../../src/ipc/shared-memory/response-ring.ts';
import { LibqbRing } from '../../src/testing/server/libqb-ring.ts';
import { MemoryRing } from '../helpers/memory/memory-ring.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { honestAnswer, type Ingredients } from './hostile-answers.ts';
import { tryToWrite } from './hostile-corosync.ts';
import { headerWord, ingredients, mutate, mutation, type Mutation } from './mutations.ts';
import { allSettle, failureOf, inBoundedMemory, isOurs, UnhandledErrors } from './oracle.ts';
import { gone } from '../helpers/corosync/gone.ts';

const WORDS = 20_480;
/** Milliseconds after which a call that got no answer gives up. */
const TIMEOUT_MS = 2;

const MESSAGES: readonly (() => RequestMessage<unknown>)[] = [
  () => new GetRequest('fuzz.key', 256),
  () => new GetRequest('fuzz.key', 16_385),
  () => new SetRequest('fuzz.key', { type: 'uint8', value: 1 }),
  () => new DeleteRequest('fuzz.key'),
  () => new AdjustIntRequest('cmap_inc', 'fuzz.key', 1),
  () => new IterInitRequest('fuzz.'),
  () => new IterNextRequest(1n, ''),
  () => new IterFinalizeRequest(1n, ''),
  () => new TrackAddRequest('fuzz.key', 7, 1n),
  () => new TrackDeleteRequest('fuzz.key', 1n),
  () => new SetCurrentMapRequest('stats'),
];

interface Answering {
  readonly of: Ingredients;
  readonly mutation: Mutation;
  /** How often the answer is written. */
  readonly times: number;
}

const answering = fc.record({ of: ingredients, mutation, times: fc.constantFrom(1, 1, 1, 1, 1, 0, 2) });
const garble = fc.record({
  ring: fc.constantFrom('request' as const, 'response' as const),
  word: fc.constantFrom(
    'writePointer' as const,
    'readPointer' as const,
    'semaphore' as const,
    'flowControl' as const,
  ),
  value: headerWord(WORDS),
});
const round = fc.record({
  calls: fc.array(fc.nat({ max: MESSAGES.length - 1 }), { minLength: 1, maxLength: 8 }),
  garble: fc.option(garble, { freq: 4, nil: undefined }),
});

/** A server that takes requests as they come and answers as it is told. */
class HostileServer {
  readonly rings = { request: new MemoryRing(WORDS), response: new MemoryRing(WORDS) };
  readonly #requests = new LibqbRing(this.rings.request);
  readonly #responses = new LibqbRing(this.rings.response);
  readonly #answers: readonly Answering[];
  #handled = 0;

  constructor(answers: readonly Answering[]) {
    this.#answers = answers;
  }

  run(count: number): void {
    for (let i = 0; i < count; i++) {
      const request = this.#requests.take();
      const answer = this.#answers[this.#handled++ % this.#answers.length];
      if (answer === undefined) continue;
      const bytes = mutate(honestAnswer(request, answer.of), answer.mutation);
      for (let n = 0; n < answer.times; n++) tryToWrite(this.#responses, bytes);
    }
  }

  garble(ring: 'request' | 'response', word: keyof typeof RING_HEADER, value: number): void {
    this.rings[ring].header.writeUInt32LE(value >>> 0, RING_HEADER[word]);
  }
}

describe('whatever a server answers, every call ends, with a value or our error', () => {
  let unhandled: UnhandledErrors;
  beforeEach(() => {
    unhandled = new UnhandledErrors();
  });
  afterEach(async () => {
    await turn();
    unhandled[Symbol.dispose]();
    unhandled.check();
  });

  it(
    'in memory',
    async () => {
      const rounds = fc.array(round, { minLength: 1, maxLength: 4 });
      const answers = fc.array(answering, { minLength: 1, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(rounds, answers, (list, given) =>
          inBoundedMemory(async () => {
            const server = new HostileServer(given);
            const failures: unknown[] = [];
            const pipeline: RequestPipeline = new RequestPipeline(
              new RequestRing(server.rings.request),
              new ResponseRing(server.rings.response),
              Infinity,
              (count) => {
                // The request ring is as the client has just written it: only what comes after is the server's.
                server.run(count);
                return true;
              },
              (error) => {
                failures.push(error);
                pipeline.stop(gone(error));
              },
            );
            const settled: Promise<unknown>[] = [];
            for (const { calls, garble: word } of list) {
              for (const index of calls) {
                const message = MESSAGES[index]?.();
                if (message === undefined || failures.length > 0) continue;
                const call = new PendingCall(message, { timeoutMs: TIMEOUT_MS });
                pipeline.submit(call);
                settled.push(failureOf(call.promise));
              }
              if (word?.ring === 'response' || word?.word === 'flowControl')
                server.garble(word.ring, word.word, word.value);
              await turn();
            }
            await allSettle(settled);
            expect(failures.every(isOurs)).toBe(true);
            pipeline.stop(gone());
          }),
        ),
        parameters(1000),
      );
    },
    timeLimitMs(60_000),
  );
});
