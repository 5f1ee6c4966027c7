import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../src/errors/index.ts';
import { BackOff } from '../../src/session/back-off.ts';
import { Followers, type FollowerDriver } from '../../src/session/followers.ts';
import { pause, Reconnection, type SessionWorld } from '../../src/session/reconnection.ts';
import { SessionStateMachine, type SessionState } from '../../src/session/session-state.ts';

const LOST = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'gone' });
const LIMITS = { firstDelayMs: 100, maxDelayMs: 10_000, deniedDelayMs: 60_000 };

/** A connection that ends when it is told to. */
class FakeClient {
  closed = false;
  readonly destroyed: unknown[] = [];
  #end: (error: ConnectionError | undefined) => void = () => undefined;
  readonly #whenClosed = new Promise<ConnectionError | undefined>((resolve) => (this.#end = resolve));

  end(error: ConnectionError | undefined): void {
    this.closed = true;
    this.#end(error);
  }

  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#whenClosed;
  }

  close(): Promise<void> {
    this.end(undefined);
    return Promise.resolve();
  }

  destroy(error?: Error): void {
    this.destroyed.push(error);
    this.end(LOST);
  }
}

interface Run {
  readonly machine: SessionStateMachine<FakeClient>;
  readonly states: SessionState<FakeClient>[];
  readonly followers: Followers<FakeClient>;
  readonly reconnection: Reconnection<FakeClient>;
}

function prepared(world: Partial<SessionWorld<FakeClient>>): Run {
  const states: SessionState<FakeClient>[] = [];
  const machine = new SessionStateMachine<FakeClient>((state) => states.push(state));
  const followers = new Followers<FakeClient>();
  const whole = {
    connect: () => Promise.reject(LOST),
    pause: () => Promise.resolve(),
    ...world,
  };
  const backOff = new BackOff(LIMITS, () => 0.5);
  const reconnection = new Reconnection(machine, followers, whole, backOff, () => undefined);
  return { machine, states, followers, reconnection };
}

describe('a session that is stopped', () => {
  it('while it connects destroys what it gets, and tells nothing more', async () => {
    const client = new FakeClient();
    const run = prepared({
      connect: () => {
        run.reconnection.stop();
        return Promise.resolve(client);
      },
    });
    await run.reconnection.run();
    expect(client.destroyed).toHaveLength(1);
    expect(run.states).toEqual([]);
  });

  it('while it connects, and the attempt fails, tells nothing more', async () => {
    const run = prepared({
      connect: () => {
        run.reconnection.stop();
        return Promise.reject(LOST);
      },
    });
    await run.reconnection.run();
    expect(run.states).toEqual([]);
  });

  it('while it pauses does not try again', async () => {
    let attempts = 0;
    const run = prepared({
      connect: () => {
        attempts += 1;
        return Promise.reject(LOST);
      },
      pause: () => {
        run.reconnection.stop();
        return Promise.reject(new Error('aborted'));
      },
    });
    await run.reconnection.run();
    expect(attempts).toBe(1);
  });

  it('while followers are brought up to date ends without a word', async () => {
    const client = new FakeClient();
    const run = prepared({ connect: () => Promise.resolve(client) });
    const driver: FollowerDriver<FakeClient> = {
      attach: () => {
        run.reconnection.stop();
        run.machine.go({ state: 'closed' });
        client.end(undefined);
        return Promise.resolve();
      },
      lost: () => undefined,
      end: () => undefined,
    };
    run.followers.add({}, driver, undefined);
    await run.reconnection.run();
    expect(run.states.map(({ state }) => state)).toEqual(['connected', 'closed']);
  });
});

describe('a session whose connections end at once', () => {
  it('waits longer each time, and tells its followers', async () => {
    const losses: unknown[] = [];
    const run = prepared({
      connect: () => {
        const client = new FakeClient();
        queueMicrotask(() => client.end(LOST));
        return Promise.resolve(client);
      },
      pause: () => {
        if (losses.length === 3) run.reconnection.stop();
        return Promise.resolve();
      },
    });
    const driver = { attach: () => Promise.resolve(), lost: (error: unknown) => losses.push(error) };
    run.followers.add({}, { ...driver, end: () => undefined }, undefined);
    await run.reconnection.run();
    const retries = run.states.flatMap((state) => (state.state === 'lost' ? [state.retryInMs] : []));
    expect(retries).toEqual([100, 200, 400]);
    expect(losses).toEqual([LOST, LOST, LOST]);
  });
});

describe('a session that cannot connect', () => {
  it('says why, whatever the reason is', async () => {
    const reason = new Error('no such package');
    const run = prepared({
      connect: () => Promise.reject(reason),
      pause: () => {
        run.reconnection.stop();
        return Promise.resolve();
      },
    });
    await run.reconnection.run();
    expect(run.states).toEqual([
      {
        state: 'unavailable',
        attempt: 1,
        retryInMs: 100,
        error: expect.objectContaining({
          code: 'CS_ERR_LIBRARY',
          operation: 'connect',
          detail: 'no such package',
          cause: reason,
        }) as unknown,
      },
    ]);
  });
});

describe('a pause', () => {
  it('ends by itself, or by the signal', async () => {
    await pause(1, new AbortController().signal);
    await expect(pause(60_000, AbortSignal.abort(new Error('enough')))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
