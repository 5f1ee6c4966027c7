import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConnectionError, CsError } from '../../src/errors/index.ts';
import { CallLimits } from '../../src/options/call-options.ts';
import { SideConnections, type SideCall } from '../../src/service/side-connections.ts';

class FakeSide {
  closed = 0;
  destroyed = 0;
  #end: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => (this.#end = resolve));

  whenClosed(): Promise<void> {
    return this.#ended;
  }

  close(): Promise<void> {
    this.closed += 1;
    this.#end();
    return Promise.resolve();
  }

  destroy(): void {
    this.destroyed += 1;
    this.#end();
  }
}

const subject = { operation: 'register', key: 'disk' };

function call(side: FakeSide, more: Partial<SideCall<FakeSide>> = {}): SideCall<FakeSide> {
  return { subject, limits: new CallLimits(5000), connect: () => Promise.resolve(side), ...more };
}

describe('a connection for one call', () => {
  it('is closed after it, whatever comes of it', async () => {
    const sides = new SideConnections<FakeSide>();
    const [good, bad] = [new FakeSide(), new FakeSide()];
    expect(await sides.use(call(good), () => Promise.resolve(7))).toBe(7);
    await expect(sides.use(call(bad), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect([good.closed, bad.closed]).toEqual([1, 1]);
  });

  it('that cannot be made fails the call, of which nothing was sent', async () => {
    const sides = new SideConnections<FakeSide>();
    const refused = new ConnectionError('CS_ERR_ACCESS', { operation: 'connect', errno: 'EACCES' });
    const error: unknown = await sides
      .use(call(new FakeSide(), { connect: () => Promise.reject(refused) }), () => Promise.resolve())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      ...subject,
      name: 'ConnectionError',
      code: 'CS_ERR_ACCESS',
      sent: 'no',
      cause: refused,
    });
  });

  it('waits for those before it in its lane, until its deadline', async () => {
    const sides = new SideConnections<FakeSide>();
    const log: string[] = [];
    const run = (name: string, ms: number, limits = new CallLimits(5000)): Promise<void> =>
      sides.use(call(new FakeSide(), { lane: 'votes', limits }), async () => {
        log.push(`${name} begins`);
        await sleep(ms);
        log.push(`${name} ends`);
      });
    const first = run('first', 60);
    const late = run('late', 0, new CallLimits(10)).catch((error: unknown) => (error as CsError).code);
    const second = run('second', 0);
    const other = sides.use(call(new FakeSide(), { lane: 'other' }), () =>
      Promise.resolve(log.push('other')),
    );
    await Promise.all([first, second, other]);
    expect(await late).toBe('CS_ERR_TIMEOUT');
    expect(log.filter((line) => line !== 'other')).toEqual([
      'first begins',
      'first ends',
      'second begins',
      'second ends',
    ]);
    expect(log.indexOf('other')).toBeLessThan(log.indexOf('first ends'));
  });

  it('is given up when the client is destroyed, and waited for when it is closed', async () => {
    const sides = new SideConnections<FakeSide>();
    const given = sides.use(call(new FakeSide()), (_side, rest) => aborted(rest().signal));
    await sleep(1);
    sides.destroy(new Error('enough'));
    await expect(given).rejects.toMatchObject({ name: 'ConnectionError', cause: { message: 'enough' } });

    let over = false;
    const under = sides.use(call(new FakeSide()), async () => {
      await sleep(20);
      over = true;
    });
    await sides.close();
    expect(over).toBe(true);
    await under;
  });

  it('can live on, until it or the client is closed', async () => {
    const sides = new SideConnections<FakeSide>();
    const [first, second, third, failing] = [new FakeSide(), new FakeSide(), new FakeSide(), new FakeSide()];
    expect(await sides.open(call(first), () => Promise.resolve())).toBe(first);
    await sides.open(call(second), () => Promise.resolve());
    await expect(sides.open(call(failing), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect([first.closed, failing.closed]).toEqual([0, 1]);
    await first.close();
    await sides.close();
    expect([first.closed, second.closed, failing.closed]).toEqual([1, 1, 1]);
    await sides.open(call(third), () => Promise.resolve());
    sides.destroy(undefined);
    expect([first.destroyed, second.destroyed, third.destroyed]).toEqual([0, 0, 1]);
  });

  it('waits for nobody without a lane', async () => {
    const sides = new SideConnections<FakeSide>();
    const never = sides.use(call(new FakeSide()), (_side, rest) => aborted(rest().signal));
    expect(await sides.use(call(new FakeSide()), () => Promise.resolve('over'))).toBe('over');
    sides.destroy(undefined);
    await expect(never).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY', operation: 'connection' });
  });

  it('waits for the last in its lane, though the one before has ended', async () => {
    const sides = new SideConnections<FakeSide>();
    const log: string[] = [];
    const run = (name: string): Promise<void> =>
      sides.use(call(new FakeSide(), { lane: 'votes' }), async () => {
        log.push(`${name} begins`);
        await sleep(20);
        log.push(`${name} ends`);
      });
    const [first, second] = [run('first'), run('second')];
    await first;
    await run('third');
    await second;
    expect(log).toEqual(['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('passes on the signal of the call, and what is no error of corosync', async () => {
    const sides = new SideConnections<FakeSide>();
    const giveUp = new AbortController();
    const limits = new CallLimits(5000, giveUp.signal);
    const given = sides.use(call(new FakeSide(), { limits }), (_side, rest) => aborted(rest().signal));
    await sleep(1);
    giveUp.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    const mistake = new TypeError('a mistake');
    const failing = call(new FakeSide(), { connect: () => Promise.reject(mistake) });
    await expect(sides.use(failing, () => Promise.resolve())).rejects.toBe(mistake);
  });

  it('that lives on is lost with the client, also if it comes later', async () => {
    const sides = new SideConnections<FakeSide>();
    const [kept, late] = [new FakeSide(), new FakeSide()];
    await sides.open(call(kept), () => Promise.resolve());
    let connected: () => void = () => undefined;
    const connecting = new Promise<void>((resolve) => (connected = resolve));
    const opening = sides.open(call(late, { connect: () => connecting.then(() => late) }), () =>
      Promise.resolve(),
    );
    const lost = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' });
    sides.lost(lost);
    expect(kept.destroyed).toBe(1);
    connected();
    await expect(opening).rejects.toMatchObject({
      ...subject,
      code: 'CS_ERR_LIBRARY',
      sent: 'no',
      cause: lost,
    });
    expect(late.destroyed).toBe(1);
  });
});

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });
}
