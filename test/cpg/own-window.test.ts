import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwaitedMulticast, Multicast } from '../../src/cpg/own-message.ts';
import { LAG_HOLD_MS, OwnWindow } from '../../src/cpg/own-window.ts';

function windowOf(limit: number): { window: OwnWindow; resumed: () => number } {
  let count = 0;
  const window = new OwnWindow('chat', limit, () => void (count += 1));
  return { window, resumed: () => count };
}

function message(window: OwnWindow, length: number): Multicast {
  window.queued(length);
  return new Multicast('chat', new Uint8Array(length), window);
}

/** As many as go out. */
function send(window: OwnWindow, lengths: readonly number[]): number {
  let count = 0;
  for (const length of lengths) {
    const next = message(window, length);
    if (!window.admits(next)) break;
    window.took(next);
    count += 1;
  }
  return count;
}

describe('the window of own messages', () => {
  it('has room for so many bytes, and opens when messages come back', () => {
    const { window, resumed } = windowOf(1000);
    expect(send(window, [460, 460, 460])).toBe(2);
    expect(resumed()).toBe(0);
    window.delivered(460);
    expect(resumed()).toBe(1);
    expect(send(window, [460, 460])).toBe(1);
  });

  it('admits one message of any size, alone', () => {
    const { window } = windowOf(1000);
    expect(send(window, [5000])).toBe(1);
    expect(send(window, [0])).toBe(0);
    window.delivered(5000);
    expect(send(window, [0, 5000])).toBe(1);
  });

  it('counts what waits to be sent', () => {
    const { window } = windowOf(1000);
    const first = message(window, 100);
    message(window, 50);
    expect(window.bufferedBytes).toBe(150);
    window.took(first);
    expect(window.bufferedBytes).toBe(50);
  });

  it.each([
    ['a message of another length', [10, 20], 20, /20 bytes has come back, and the next one has 10/],
    ['one that was not sent', [], 0, /0 bytes has come back, and none was due/],
  ])('finds %s', (_what, sent, back, text) => {
    const { window } = windowOf(1000);
    expect(send(window, sent)).toBe(sent.length);
    const found: unknown = expect.objectContaining({
      name: 'ConnectionError',
      code: 'CS_ERR_LIBRARY',
      key: 'chat',
      detail: expect.stringMatching(text) as string,
    });
    expect(() => window.delivered(back)).toThrow(found);
  });

  it('finds what has not come by the end', () => {
    const { window } = windowOf(1000);
    send(window, [1, 2]);
    window.delivered(1);
    expect(() => window.checkComplete()).toThrow(/1 of our messages did not come back/);
    window.delivered(2);
    expect(() => window.checkComplete()).not.toThrow();
  });

  it('tells who waits that a message has come back, or never will', async () => {
    const { window } = windowOf(1000);
    const messages = [1, 2].map((length) => new AwaitedMulticast('chat', new Uint8Array(length), window));
    for (const each of messages) window.took(each);
    window.delivered(1);
    window.end(new Error('gone'));
    const settled = await Promise.allSettled(messages.map(({ whenDelivered }) => whenDelivered));
    expect(settled).toMatchObject([{ status: 'fulfilled' }, { reason: { message: 'gone' } }]);
  });

  it('admits nothing when it is shut, and still counts what comes', () => {
    const { window } = windowOf(1000);
    send(window, [1]);
    window.shut();
    expect(send(window, [1])).toBe(0);
    expect(() => window.delivered(1)).not.toThrow();
    expect(send(window, [1])).toBe(0);
  });
});

describe('the window while the reader lags', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('admits one message now and then, for the reader may wait for it', async () => {
    const { window, resumed } = windowOf(1000);
    window.lagging(true);
    expect(send(window, [1, 1])).toBe(1);
    expect(window.hindrance).toMatch(/not read/);
    await vi.advanceTimersByTimeAsync(LAG_HOLD_MS);
    expect(resumed()).toBe(1);
    expect(send(window, [1, 1])).toBe(1);
    window.lagging(false);
    expect(resumed()).toBe(2);
    expect(send(window, [1, 1])).toBe(2);
    expect(window.hindrance).toMatch(/have not come back/);
    expect(vi.getTimerCount()).toBe(0);
  });
});
