import { getEventListeners, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineTimer } from '../../../src/ipc/calls/deadline-timer.ts';
import { Deadline, within } from '../../../src/ipc/calls/deadline.ts';

const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Deadline', () => {
  it('fires with CS_ERR_TIMEOUT when the time is up', () => {
    const { signal } = new Deadline({ operation: 'connect', timeoutMs: 1000 });
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: 'CsError', code: 'CS_ERR_TIMEOUT', operation: 'connect' });
    expect((signal.reason as Error).message).toContain('1000 ms');
  });

  it('says whether the request was sent, as of when the time is up', () => {
    let sent: 'no' | 'unknown' = 'no';
    const { signal } = new Deadline({ operation: 'cmap_get', timeoutMs: 1000, sent: () => sent });
    sent = 'unknown';
    vi.advanceTimersByTime(1000);
    expect(signal.reason).toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'unknown' });
  });

  it('runs from the time that it is given, and says for what it was and how long in all', () => {
    const startedAt = performance.now();
    vi.advanceTimersByTime(400);
    const { signal } = new Deadline({ operation: 'cmap_get', key: 'a.b', timeoutMs: 1000, startedAt });
    vi.advanceTimersByTime(599);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'cmap_get', key: 'a.b' });
    expect((signal.reason as Error).message).toContain('1000 ms');
  });

  it('fires with the reason of the signal that it was given', () => {
    const abort = new AbortController();
    const { signal } = new Deadline({ operation: 'connect', timeoutMs: 1000, signal: abort.signal });
    abort.abort('enough');
    expect(signal.reason).toBe('enough');
  });

  it('has fired already if the signal has', () => {
    const { signal } = new Deadline({
      operation: 'connect',
      timeoutMs: 1000,
      signal: AbortSignal.abort('before'),
    });
    expect(signal.reason).toBe('before');
  });

  it('leaves no timer and no listener behind', () => {
    const abort = new AbortController();
    const deadline = new Deadline({ operation: 'connect', timeoutMs: 1000, signal: abort.signal });
    expect(vi.getTimerCount()).toBe(1);
    deadline.dispose();
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    abort.abort();
    expect(deadline.signal.aborted).toBe(false);
  });

  it('never comes if it is Infinity', () => {
    const { signal } = new Deadline({ operation: 'connect', timeoutMs: Infinity });
    expect(vi.getTimerCount()).toBe(0);
    expect(signal.aborted).toBe(false);
  });

  // setTimeout takes any time beyond 2^31-1 ms for 1 ms.
  it.each([2 ** 31, MONTH_MS, Number.MAX_SAFE_INTEGER])('of %d ms does not come at once', (timeoutMs) => {
    const { signal } = new Deadline({ operation: 'connect', timeoutMs: timeoutMs });
    vi.advanceTimersByTime(60_000);
    expect(signal.aborted).toBe(false);
  });
});

describe('Deadline of a process that stood still', () => {
  it('lets what came meanwhile count', async () => {
    vi.useRealTimers();
    const directory = mkdtempSync(join(tmpdir(), 'deadline-'));
    const server = net.createServer((peer) => peer.pipe(peer)).listen(join(directory, 'socket'));
    await once(server, 'listening');
    const client = net.connect(join(directory, 'socket'));
    const [peer] = (await once(server, 'connection')) as [net.Socket];
    const answer = within(once(client, 'data'), { operation: 'connect', timeoutMs: 20 });
    peer.write('answer');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    expect(String(await answer)).toBe('answer');
    client.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });
});

describe('DeadlineTimer', () => {
  it('calls back at the earliest time it was armed for', () => {
    const onDeadline = vi.fn();
    const timer = new DeadlineTimer(onDeadline);
    const now = performance.now();
    timer.arm(now + 500);
    timer.arm(now + 300);
    timer.arm(now + 400);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(299);
    expect(onDeadline).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onDeadline).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(onDeadline).toHaveBeenCalledTimes(1);
  });

  it('can be armed again after it has called back, and within that call', () => {
    const onDeadline = vi.fn(() => {
      if (onDeadline.mock.calls.length === 1) timer.arm(performance.now() + 100);
    });
    const timer = new DeadlineTimer(onDeadline);
    timer.arm(performance.now() + 100);
    vi.advanceTimersByTime(200);
    expect(onDeadline).toHaveBeenCalledTimes(2);
  });

  it('calls back soon for a time that has passed', () => {
    const onDeadline = vi.fn();
    new DeadlineTimer(onDeadline).arm(performance.now() - 5);
    vi.advanceTimersByTime(1);
    expect(onDeadline).toHaveBeenCalledTimes(1);
  });

  it('does not call back at once for a time beyond what setTimeout can count', () => {
    const onDeadline = vi.fn();
    new DeadlineTimer(onDeadline).arm(performance.now() + MONTH_MS);
    vi.advanceTimersByTime(60_000);
    expect(onDeadline).not.toHaveBeenCalled();
  });

  it('calls nobody after clear', () => {
    const onDeadline = vi.fn();
    const timer = new DeadlineTimer(onDeadline);
    timer.arm(performance.now() + 100);
    timer.clear();
    expect(vi.getTimerCount()).toBe(0);
    timer.arm(performance.now() + 200);
    expect(vi.getTimerCount()).toBe(1);
  });
});
