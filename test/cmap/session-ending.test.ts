import { describe, expect, it } from 'vitest';
import { CmapSession, ConnectionError, CsError } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';

const LOST = { operation: 'connection', detail: 'what the caller has seen elsewhere' };
const ENOUGH = new Error('it took too long');

const errorOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

/** A session that is connected to a fake. */
async function onFake(use: (session: CmapSession, fake: FakeCorosync) => Promise<void>): Promise<void> {
  const fake = await FakeCorosync.start({ entries: { 'a.b.c': { type: 'uint8', value: 1 } } });
  const session = CmapSession.open(fake.connectOptions);
  try {
    await session.ready();
    await use(session, fake);
  } finally {
    session.destroy();
    await session.close();
    await fake.stop();
  }
}

/** An aborted signal whose reason may be asked for a few times only: whoever asks on and on gets another one. */
function abortedWith(reason: Error): AbortSignal {
  const signal = AbortSignal.abort(reason);
  let asked = 0;
  const reasonOnce = (): Error => (++asked > 100 ? new Error('asked on and on') : reason);
  return Object.defineProperties(signal, {
    reason: { get: reasonOnce },
    throwIfAborted: {
      value: () => {
        throw reasonOnce();
      },
    },
  });
}

describe('a caller who gives up with an error that looks like a loss', () => {
  it.each(['CS_ERR_LIBRARY', 'CS_ERR_BAD_HANDLE'] as const)('%s gets it, at once', (code) =>
    onFake(async (session) => {
      const reason = new ConnectionError(code, LOST);
      const options = { signal: abortedWith(reason) };
      expect(await errorOf(session.get('a.b.c', options))).toBe(reason);
      expect(await errorOf(session.setUint8('a.b.c', 2, options))).toBe(reason);
    }),
  );

  it('gets his own timeout, too, while there is no connection', async () => {
    const session = CmapSession.open({ socketName: 'nobody-is-here' });
    const reason = new CsError('CS_ERR_TIMEOUT', { operation: 'mine' });
    const giveUp = new AbortController();
    const waiting = errorOf(session.get('a.b.c', { signal: giveUp.signal }));
    giveUp.abort(reason);
    expect(await waiting).toBe(reason);
    await session.close();
  });
});

describe('a session that is destroyed', () => {
  it('ends what is under way with the cause, reads too', () =>
    onFake(async (session, fake) => {
      fake.pause();
      const calls = [session.get('a.b.c'), session.setUint8('a.b.c', 2)].map(errorOf);
      session.destroy(ENOUGH);
      for (const error of await Promise.all(calls)) {
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error).toMatchObject({ code: 'CS_ERR_LIBRARY', cause: ENOUGH });
      }
    }));

  it('does not wait for what its close was waiting for', () =>
    onFake(async (session, fake) => {
      fake.pause();
      const call = errorOf(session.get('a.b.c', { timeoutMs: Infinity }));
      const closing = session.close();
      session.destroy(ENOUGH);
      expect(await call).toMatchObject({ code: 'CS_ERR_LIBRARY', cause: ENOUGH });
      await closing;
    }));
});

describe('ready()', () => {
  it('takes all its time together, and says how much that was', () =>
    onFake(async (session, fake) => {
      fake.pause();
      const follower = session.follow('a.b.c');
      const startedAt = performance.now();
      const error = await errorOf(session.ready({ timeoutMs: 300 }));
      expect(error).toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'ready' });
      expect((error as Error).message).toContain('within 300 ms');
      expect(performance.now() - startedAt).toBeGreaterThan(290);
      fake.resume();
      await session.ready();
      await follower.close();
    }));
});
