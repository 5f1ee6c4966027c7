import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CmapSession,
  ConnectionError,
  CsError,
  type CmapClient,
  type CmapValue,
  type CmapFollowOptions,
  type SessionOptions,
  type SessionStatus,
} from '../../src/index.ts';
import { SessionStateMachine } from '../../src/session/session-state.ts';
import { FollowReader } from '../helpers/follow-reader.ts';
import { collectGarbage } from '../helpers/memory/memory-garbage.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { FakeCmap } from './fake-cmap.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });
const DOWN = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', detail: 'down' });

/** A session in a world where the test says when attempts succeed and pauses end. */
class Stage {
  readonly cmap = new FakeCmap();
  readonly statuses: SessionStatus[] = [];
  readonly pauses: number[] = [];
  readonly session: CmapSession;
  readonly statusesEnded: Promise<void>;
  #connecting: { resolve(client: CmapClient): void; reject(error: unknown): void } | undefined;
  #pausing: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(options: SessionOptions = {}) {
    this.session = CmapSession.openIn(
      {
        connect: (signal) =>
          new Promise((resolve, reject) => {
            this.#connecting = { resolve, reject };
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
          }),
        pause: (ms, signal) =>
          new Promise((resolve, reject) => {
            this.pauses.push(ms);
            this.#pausing = { resolve, reject };
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
          }),
      },
      options,
    );
    this.statusesEnded = this.#readStatuses();
  }

  get states(): string[] {
    return this.statuses.map(({ state }) => state);
  }

  async succeed(): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.resolve(this.cmap.connect());
    await this.settle();
  }

  async fail(error: unknown = DOWN): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.reject(error);
    await this.settle();
  }

  async endPause(): Promise<void> {
    const pausing = this.#pausing;
    this.#pausing = undefined;
    pausing?.resolve();
    await this.settle();
  }

  async lose(): Promise<void> {
    this.cmap.client?.lose();
    await this.settle();
  }

  /** Until nothing happens by itself any more. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await turn();
  }

  /** Whatever it takes to be connected. */
  async connect(): Promise<void> {
    await this.endPause();
    await this.succeed();
  }

  follow(key: string, options: CmapFollowOptions = { prefix: true }): FollowReader {
    return new FollowReader(this.session.follow(key, options));
  }

  async #readStatuses(): Promise<void> {
    for await (const status of this.session.statuses()) this.statuses.push(status);
  }
}

async function onStage(play: (stage: Stage) => Promise<void>, options?: SessionOptions): Promise<void> {
  const stage = new Stage(options);
  try {
    await play(stage);
  } finally {
    await stage.session.close();
    await stage.statusesEnded;
  }
}

describe('a session', () => {
  it('tells what it does, from connecting over a failure and a loss to closed', async () => {
    const stage = new Stage();
    await stage.settle();
    await stage.fail();
    await stage.connect();
    await stage.lose();
    await stage.connect();
    await stage.session.close();
    await stage.statusesEnded;
    expect(stage.states).toEqual([
      'connecting',
      'unavailable',
      'connecting',
      'connected',
      'resynced',
      'lost',
      'connecting',
      'connected',
      'resynced',
      'closed',
    ]);
    expect(stage.statuses[1]).toMatchObject({ error: DOWN, attempt: 1, retryInMs: stage.pauses[0] });
    expect(stage.statuses[2]).toMatchObject({ attempt: 2 });
    expect(stage.statuses[5]).toMatchObject({
      error: { code: 'CS_ERR_LIBRARY' },
      retryInMs: stage.pauses[1],
    });
  });

  it('begins each stream of statuses with the present one, and ends it after closed', async () => {
    const stage = new Stage();
    await stage.connect();
    const late = stage.session.statuses()[Symbol.asyncIterator]();
    expect(await late.next()).toEqual({ done: false, value: { state: 'resynced' } });
    await stage.session.close();
    expect(await late.next()).toEqual({ done: false, value: { state: 'closed' } });
    expect((await late.next()).done).toBe(true);
    const after = stage.session.statuses()[Symbol.asyncIterator]();
    expect(await after.next()).toEqual({ done: false, value: { state: 'closed' } });
    expect((await after.next()).done).toBe(true);
  });

  it('refuses options that make no sense', () => {
    expect(() => CmapSession.open({ timeoutMs: -1 })).toThrow(
      expect.objectContaining({ operation: 'session' }) as Error,
    );
    const open = (options: SessionOptions) => () => CmapSession.open(options);
    expect(open({ backOff: { firstDelayMs: 5 } })).toThrow(
      /options\.backOff\.firstDelayMs is 5; it must be an integer from 10/,
    );
    expect(open({ backOff: { firstDelayMs: 100, maxDelayMs: 50 } })).toThrow(
      /options\.backOff\.maxDelayMs is 50; it must be firstDelayMs, 100, or more/,
    );
    expect(open({ backOff: { deniedDelayMs: NaN } })).toThrow(CsError);
    expect(open({ timeoutMs: -1 })).toThrow(CsError);
  });

  it.each(['connecting', 'pausing', 'connected'])(
    'closes at once while %s, and twice is once',
    async (when) => {
      const stage = new Stage();
      await stage.settle();
      if (when === 'pausing') await stage.fail();
      if (when === 'connected') await stage.succeed();
      const reader = stage.follow('a.');
      await Promise.all([stage.session.close(), stage.session.close()]);
      await reader.done;
      await stage.statusesEnded;
      expect(stage.states.at(-1)).toBe('closed');
      expect(() => stage.session.follow('a.b')).toThrow(/CS_ERR_BAD_HANDLE.*the session is closed/);
      await expect(stage.session.get('a.b')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
      await expect(stage.session.ready()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
    },
  );

  describe('its calls', () => {
    it('wait for a connection', () =>
      onStage(async (stage) => {
        stage.cmap.map.set('a.b', uint8(1));
        const value = stage.session.getUint8('a.b');
        await stage.fail();
        await stage.connect();
        expect(await value).toBe(1);
      }));

    it('fail at their deadline, and say why there was no connection', () =>
      onStage(async (stage) => {
        await stage.fail();
        await expect(stage.session.get('a.b', { timeoutMs: 5 })).rejects.toMatchObject({
          code: 'CS_ERR_TIMEOUT',
          cause: DOWN,
          message: expect.stringMatching(
            /no connection to corosync within 5 ms, unavailable; last: .*down/,
          ) as string,
        });
        const reason = new Error('enough');
        const waiting = stage.session.ready({ signal: AbortSignal.abort(reason) });
        await expect(waiting).rejects.toBe(reason);
      }));

    it('are made again after a loss if they only read, and not if they change', () =>
      onStage(async (stage) => {
        await stage.succeed();
        stage.cmap.map.set('a.b', uint8(1));
        stage.cmap.failNext = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' });
        const read = stage.session.get('a.b');
        await stage.lose();
        stage.cmap.failNext = undefined;
        await stage.connect();
        expect(await read).toEqual(uint8(1));

        stage.cmap.failNext = new ConnectionError('CS_ERR_LIBRARY', { operation: 'cmap_set' });
        await expect(stage.session.setUint8('a.b', 2)).rejects.toBeInstanceOf(ConnectionError);
        expect(stage.cmap.map.get('a.b')).toEqual(uint8(1));
        // One that was not sent is made on the next connection: it never got into the queue, or not out of it.
        stage.cmap.client?.lose();
        const change = stage.session.setUint8('a.b', 3);
        await stage.settle();
        await stage.connect();
        await change;
        expect(stage.cmap.map.get('a.b')).toEqual(uint8(3));
        const sent = 'no';
        stage.cmap.failNext = new ConnectionError('CS_ERR_LIBRARY', { operation: 'cmap_set', sent });
        const again = stage.session.setUint8('a.b', 4);
        await stage.lose();
        stage.cmap.failNext = undefined;
        await stage.connect();
        await again;
        expect(stage.cmap.map.get('a.b')).toEqual(uint8(4));
      }));

    it('check and copy what they are given at once', () =>
      onStage(async (stage) => {
        const { session } = stage;
        await expect(session.get('x'.repeat(256))).rejects.toMatchObject({ code: 'CS_ERR_NAME_TOO_LONG' });
        await expect(session.setUint8('a.b', 999)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
        await expect(session.set('x'.repeat(256), uint8(1))).rejects.toMatchObject({
          code: 'CS_ERR_NAME_TOO_LONG',
        });
        await expect(session.adjust('a.b', 0.5)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
        await expect(session.keys('x'.repeat(256)).next()).rejects.toBeInstanceOf(CsError);
        const bytes = Uint8Array.of(1, 2, 3);
        const setting = session.setBinary('a.bin', bytes);
        bytes.fill(9);
        await stage.succeed();
        await setting;
        expect(stage.cmap.map.get('a.bin')).toEqual({ type: 'binary', value: Uint8Array.of(1, 2, 3) });
      }));

    it('are made in their order, those that waited first', () =>
      onStage(async (stage) => {
        const waiting = stage.session.setUint8('a.b', 1);
        const late = (async () => {
          for await (const { state } of stage.session.statuses()) {
            if (state === 'connected') return stage.session.setUint8('a.b', 2);
          }
        })();
        await stage.settle();
        await stage.succeed();
        await Promise.all([waiting, late]);
        expect(stage.cmap.map.get('a.b')).toEqual(uint8(2));
      }));

    it('say by which name and of which key they had no connection, or what is wrong with them', () =>
      onStage(async ({ session }) => {
        const soon = { timeoutMs: 5 };
        const calls = {
          cmap_get: () => session.get('a.b', soon),
          cmap_set: () => session.set('a.b', uint8(1), soon),
          cmap_delete: () => session.delete('a.b', soon),
          cmap_adjust_int: () => session.adjust('a.b', 2, soon),
          cmap_inc: () => session.increment('a.b', soon),
          cmap_dec: () => session.decrement('a.b', soon),
        };
        for (const [operation, call] of Object.entries(calls))
          await expect(call()).rejects.toMatchObject({
            code: 'CS_ERR_TIMEOUT',
            operation,
            key: 'a.b',
            sent: 'no',
          });
        for (const list of [session.keys('a.', soon), session.entries('a.', soon)])
          await expect(list.next()).rejects.toMatchObject({
            code: 'CS_ERR_TIMEOUT',
            operation: 'cmap_iter_init',
            key: 'a.',
          });
        await expect(session.set('a.b', uint8(256))).rejects.toMatchObject({
          operation: 'cmap_set',
          key: 'a.b',
        });
        await session.close();
        expect(() => session.follow('a.b')).toThrow(
          expect.objectContaining({ code: 'CS_ERR_BAD_HANDLE', operation: 'follow', key: 'a.b' }) as Error,
        );
      }));

    it('fail at once when the session is destroyed', async () => {
      const stage = new Stage();
      const waiting = stage.session.get('a.b');
      stage.session.destroy();
      await expect(waiting).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
      await stage.session.close();
      await stage.statusesEnded;
    });

    it('give corosync’s own refusal to the caller', () =>
      onStage(async (stage) => {
        await stage.succeed();
        await expect(stage.session.get('a.b')).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST' });
        expect(stage.states.at(-1)).toBe('resynced');
      }));
  });

  describe('its followers', () => {
    it('get a snapshot, changes, the loss, the difference, and that it is over', () =>
      onStage(async (stage) => {
        stage.cmap.map.set('a.kept', uint8(1));
        stage.cmap.map.set('a.changed', uint8(1));
        stage.cmap.map.set('a.deleted', uint8(1));
        const reader = stage.follow('a.');
        await stage.succeed();
        stage.cmap.set('a.changed', uint8(2));
        await stage.lose();
        stage.cmap.set('a.changed', uint8(3));
        stage.cmap.set('a.deleted', undefined);
        stage.cmap.set('a.added', uint8(1));
        await stage.connect();
        stage.cmap.set('a.changed', uint8(4));
        await stage.settle();
        const told = reader.events.map((event) =>
          event.kind === 'notification'
            ? `${event.synthetic ? '*' : ''}${event.change} ${event.key}`
            : event.kind,
        );
        expect(told).toEqual([
          'snapshot',
          'modify a.changed',
          'lost',
          '*add a.added',
          '*modify a.changed',
          '*delete a.deleted',
          'resynced',
          'modify a.changed',
        ]);
        expect(reader.events.find(({ kind }) => kind === 'resynced')).toMatchObject({ changes: 3 });
        expect(reader.problems).toEqual([]);
        expect(reader.values).toEqual(stage.cmap.map);
      }));

    it('hear of a loss once, however many attempts follow', () =>
      onStage(async (stage) => {
        const reader = stage.follow('a.');
        await stage.succeed();
        await stage.lose();
        for (let i = 0; i < 3; i++) {
          await stage.endPause();
          await stage.fail();
        }
        await stage.connect();
        expect(reader.events.map(({ kind }) => kind)).toEqual(['snapshot', 'lost', 'resynced']);
      }));

    it('end with corosync’s refusal, and the session goes on', () =>
      onStage(async (stage) => {
        await stage.succeed();
        stage.cmap.failNext = new CsError('CS_ERR_ACCESS', { operation: 'cmap_track_add' });
        const refused = stage.follow('a.');
        await refused.done;
        expect(refused.error).toMatchObject({ code: 'CS_ERR_ACCESS' });
        expect(await refused.follower.whenEnded()).toBe(refused.error);
        expect(stage.states.at(-1)).toBe('resynced');
      }));

    it.each(['CS_ERR_TRY_AGAIN', 'CS_ERR_NO_MEMORY', 'CS_ERR_BUSY', 'CS_ERR_TIMEOUT'] as const)(
      'live on after %s, which may pass: the session connects again after a pause',
      (code) =>
        onStage(async (stage) => {
          stage.cmap.map.set('a.b', uint8(1));
          const reader = stage.follow('a.');
          stage.cmap.failNext = new CsError(code, { operation: 'cmap_track_add' });
          await stage.succeed();
          expect(stage.statuses.at(-1)).toMatchObject({ state: 'lost', error: { cause: { code } } });
          await stage.connect();
          expect(stage.states.at(-1)).toBe('resynced');
          expect(reader.events).toMatchObject([{ kind: 'snapshot', entries: [{ key: 'a.b' }] }]);
        }),
    );

    it('say how many changes their reader was given, though it lagged', () =>
      onStage(async (stage) => {
        const follower = stage.session.follow('a.', { prefix: true, maxQueued: 3 });
        await stage.succeed();
        await stage.lose();
        for (const key of ['a.1', 'a.2', 'a.3', 'a.4', 'a.5']) stage.cmap.map.set(key, uint8(1));
        await stage.connect();
        const kinds: string[] = [];
        for await (const event of follower) {
          kinds.push(event.kind);
          if (event.kind !== 'resynced') continue;
          expect(event.changes).toBe(5);
          break;
        }
        expect(kinds.filter((kind) => kind === 'notification')).toHaveLength(5);
        expect(kinds).toContain('overflow');
      }));

    it('that are refused after their tracker was added leave none behind', () =>
      onStage(async (stage) => {
        await stage.succeed();
        stage.cmap.map.set('a.b', uint8(1));
        const refused = stage.session.follow('a.', { prefix: true, listener: () => undefined });
        while (stage.cmap.client?.trackers.size !== 1) await Promise.resolve();
        stage.cmap.failNext = new CsError('CS_ERR_INVALID_PARAM', { operation: 'cmap_iter_next' });
        expect(await refused.whenEnded()).toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
        await stage.settle();
        expect(stage.cmap.client.trackers.size).toBe(0);
      }));

    it('tell nothing more after they are deleted, not even from within a listener', () =>
      onStage(async (stage) => {
        const kinds: string[] = [];
        const follower = stage.session.follow('a.', {
          prefix: true,
          listener: ({ kind }) => {
            kinds.push(kind);
            if (kind === 'notification') void follower.close();
          },
        });
        await stage.succeed();
        await stage.lose();
        for (const name of ['x', 'y', 'z']) stage.cmap.set(`a.${name}`, uint8(1));
        await stage.connect();
        expect(kinds).toEqual(['snapshot', 'lost', 'notification']);
        expect(await follower.whenEnded()).toBeUndefined();
      }));

    it('are up to date when ready() resolves, those that were added just before too', () =>
      onStage(async (stage) => {
        await stage.succeed();
        stage.cmap.map.set('a.b', uint8(1));
        const { follower } = stage.follow('a.');
        await stage.session.ready();
        expect(follower.values.size).toBe(1);
      }));

    it('that cannot be restored in time cost the connection, and get the next one', () =>
      onStage(async (stage) => {
        const reader = stage.follow('a.');
        await stage.settle();
        stage.cmap.failNext = new CsError('CS_ERR_TIMEOUT', { operation: 'cmap_track_add' });
        await stage.succeed();
        expect(stage.states.slice(-3)).toEqual(['connecting', 'connected', 'lost']);
        await stage.connect();
        expect(reader.snapshots).toBe(1);
      }));

    it('cost the connection, too, if what they doubt cannot be read', () =>
      onStage(async (stage) => {
        await stage.succeed();
        stage.cmap.map.set('a.b', uint8(1));
        stage.follow('a.');
        await stage.settle();
        // A change that cannot be: the value was another one.
        stage.cmap.client?.notify({ change: 'modify', key: 'a.b', newValue: uint8(3), oldValue: uint8(2) });
        stage.cmap.failNext = new CsError('CS_ERR_NO_MEMORY', { operation: 'cmap_get' });
        await waitUntil('the connection is given up', () => stage.states.includes('lost'));
      }));

    it('are forgotten when they have ended', () =>
      onStage(async (stage) => {
        await stage.succeed();
        const followers: WeakRef<object>[] = [];
        for (let i = 0; i < 50; i++) {
          const follower = stage.session.follow('a.', { prefix: true });
          followers.push(new WeakRef(follower));
          await follower.close();
        }
        await stage.settle();
        await collectGarbage();
        expect(followers.filter((follower) => follower.deref() !== undefined).length).toBeLessThan(25);
      }));

    it('are deleted by leaving the loop, while there is a connection and while there is none', () =>
      onStage(async (stage) => {
        await stage.succeed();
        const first = stage.session.follow('a.', { prefix: true });
        for await (const event of first) if (event.kind === 'snapshot') break;
        expect(stage.cmap.client?.trackers.size).toBe(0);
        const second = stage.session.follow('a.', { prefix: true });
        await stage.lose();
        await second.close();
        await second.close();
        await stage.connect();
        expect(stage.cmap.client?.trackers.size).toBe(0);
        expect(stage.states.at(-1)).toBe('resynced');
      }));

    it('may be deleted while their tracker is being added', () =>
      onStage(async (stage) => {
        await stage.succeed();
        const follower = stage.session.follow('a.', { prefix: true });
        await follower.close();
        await stage.settle();
        expect(stage.cmap.client?.trackers.size).toBe(0);
      }));

    it('have one reader each, or a listener', () =>
      onStage(async (stage) => {
        await stage.succeed();
        const follower = stage.session.follow('a.', { prefix: true });
        follower[Symbol.asyncIterator]();
        expect(() => follower[Symbol.asyncIterator]()).toThrow(/CS_ERR_BUSY/);
        const kinds: string[] = [];
        const listened = stage.session.follow('a.', {
          prefix: true,
          listener: ({ kind }) => kinds.push(kind),
        });
        expect(() => listened[Symbol.asyncIterator]()).toThrow(/CS_ERR_INVALID_PARAM/);
        await stage.settle();
        stage.cmap.set('a.b', uint8(1));
        expect(kinds).toEqual(['snapshot', 'notification']);
      }));

    it('do not cover keys whose change would then crash corosync, unless told to', () =>
      onStage(async (stage) => {
        await stage.succeed();
        for (const prefix of ['', 'q', 'quorum.', 'runtime.', 'runtime.force_gather']) {
          expect(() => stage.session.follow(prefix, { prefix: true })).toThrow(
            /corosync crashes.*coverCrashingKeys/,
          );
        }
        expect(() => stage.session.follow('runtime.force_gather')).toThrow(/corosync crashes/);
        stage.session.follow('', { prefix: true, coverCrashingKeys: true });
        stage.session.follow('quorum.cancel_wait_for_all');
        stage.session.follow('runtime.members.', { prefix: true });
      }));

    it('are refused at once if no such key can be', () =>
      onStage(async (stage) => {
        expect(() => stage.session.follow('a b')).toThrow(CsError);
        expect(() => stage.session.follow('a.b', { events: [] })).toThrow(/at least one/);
        expect(() => stage.session.follow('a.b', { maxQueued: 0 })).toThrow(/maxQueued/);
        await stage.settle();
      }));
  });

  it('comes right in any order of events', async () => {
    const action = fc.constantFrom(
      'succeed',
      'fail',
      'deny',
      'endPause',
      'lose',
      'follow',
      'unfollow',
      'change',
      'delete',
      'timeout',
      'turn',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const stage = new Stage();
        const readers: FollowReader[] = [];
        let n = 0;
        const key = (): string => `a.${n % 3}`;
        const perform: Record<string, () => unknown> = {
          succeed: () => stage.succeed(),
          fail: () => stage.fail(),
          deny: () => stage.fail(new ConnectionError('CS_ERR_ACCESS', { operation: 'connect' })),
          endPause: () => stage.endPause(),
          lose: () => stage.cmap.client?.lose(),
          follow: () => readers.push(stage.follow('a.')),
          unfollow: () => readers.shift()?.follower.close(),
          change: () => stage.cmap.set(key(), uint8(n % 256)),
          delete: () => stage.cmap.map.has(key()) && stage.cmap.set(key(), undefined),
          timeout: () => (stage.cmap.failNext = new CsError('CS_ERR_TIMEOUT', { operation: 'fake' })),
          turn: () => turn(),
        };
        for (const name of actions) {
          n += 1;
          await perform[name]?.();
        }
        stage.cmap.failNext = undefined;
        await stage.settle();
        for (let i = 0; stage.session.status.state !== 'resynced' && i < 10; i++) await stage.connect();
        await stage.session.ready({ timeoutMs: 1000 });
        for (const reader of readers) {
          await reader.snapshotRead();
          await stage.settle();
          expect(reader.problems).toEqual([]);
          expect(reader.values).toEqual(stage.cmap.map);
        }
        expect(stage.cmap.client?.trackers.size).toBe(readers.length);
        await stage.session.close();
        await Promise.all([stage.statusesEnded, ...readers.map((reader) => reader.done)]);
        expect(stage.states.at(-1)).toBe('closed');
        checkOrder(stage.states);
      }),
      { numRuns: 150 },
    );
  });
});

/** Written anew, not taken from the code: what may follow what. */
function checkOrder(states: readonly string[]): void {
  const text = states.join(' ');
  expect(text).toMatch(
    /^(?:connecting (?:unavailable |connected (?:resynced )?lost ))*(?:connecting (?:unavailable |connected (?:resynced )?(?:lost )?)?)?closed$/,
  );
}

describe('the state of a session', () => {
  const client = new FakeCmap().connect();
  const error = DOWN;
  const STATES = {
    connecting: { state: 'connecting', attempt: 1 },
    connected: { state: 'connected', client },
    resynced: { state: 'resynced', client },
    lost: { state: 'lost', error, retryInMs: 1 },
    unavailable: { state: 'unavailable', error, attempt: 1, retryInMs: 1 },
    closed: { state: 'closed' },
  } as const;
  const WAYS: Record<keyof typeof STATES, string> = {
    connecting: '',
    connected: 'connected',
    resynced: 'connected resynced',
    lost: 'connected lost',
    unavailable: 'unavailable',
    closed: 'closed',
  };
  const LEGAL = [
    'connecting>connected',
    'connecting>unavailable',
    'connecting>closed',
    'connected>resynced',
    'connected>lost',
    'connected>closed',
    'resynced>lost',
    'resynced>closed',
    'lost>connecting',
    'lost>closed',
    'unavailable>connecting',
    'unavailable>closed',
  ];

  it('goes where it may, and throws everywhere else', () => {
    const names = Object.keys(STATES) as (keyof typeof STATES)[];
    for (const from of names) {
      for (const to of names) {
        const machine = new SessionStateMachine(() => undefined);
        for (const way of WAYS[from].split(' ')) if (way !== '') machine.go(STATES[way as typeof from]);
        const go = (): void => machine.go(STATES[to]);
        if (LEGAL.includes(`${from}>${to}`)) expect(go).not.toThrow();
        else expect(go).toThrow(`a session cannot go from ${from} to ${to}`);
      }
    }
  });
});
