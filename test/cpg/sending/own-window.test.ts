import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Multicast, OwnFragment, type LargeMessage } from '../../../src/cpg/sending/own-message.ts';
import { LAG_HOLD_MS, OwnWindow } from '../../../src/cpg/sending/own-window.ts';
import { Deferred } from '../../../src/ipc/calls/deferred.ts';
import { collectGarbage } from '../../helpers/memory/memory-garbage.ts';

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
    // Each counts 200 more than it has.
    const { window, resumed } = windowOf(1320);
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

  it('changes with the group', () => {
    const { window, resumed } = windowOf(500);
    expect(send(window, [100, 100])).toBe(1);
    window.limit = 1000;
    expect(resumed()).toBe(1);
    expect(send(window, [100, 100, 100])).toBe(2);
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
    const deliveries = [new Deferred<void>(), new Deferred<void>()];
    for (const [index, delivery] of deliveries.entries())
      window.took(new Multicast('chat', new Uint8Array(index), window, delivery));
    window.delivered(0);
    window.end(new Error('gone'));
    const settled = await Promise.allSettled(deliveries.map(({ promise }) => promise));
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

describe('the window of fragments', () => {
  const fragments = (window: OwnWindow, message: LargeMessage, lengths: readonly number[]): OwnFragment[] =>
    lengths.map((length, index) => {
      const part = index === 0 ? 'first' : index === lengths.length - 1 ? 'last' : 'continued';
      const fragment = { part, messageLength: message.length, bytes: new Uint8Array(length) } as const;
      return new OwnFragment('chat', message, fragment, window);
    });
  const large = (length: number): LargeMessage => ({
    bytes: new Uint8Array(length),
    length,
    delivery: undefined,
    isBegun: false,
    isPosted: false,
    restarts: 0,
  });

  it('has room for four, whatever its limit', () => {
    const { window, resumed } = windowOf(4096);
    const sent = fragments(window, large(1_250_000), [250_000, 250_000, 250_000, 250_000, 250_000]);
    const taken = sent.filter((fragment) => {
      const admitted = window.admits(fragment);
      if (admitted) window.took(fragment);
      return admitted;
    });
    expect(taken).toHaveLength(4);
    window.fragmentDelivered(250_000);
    expect(resumed()).toBe(1);
    expect(window.admits(sent[4] ?? message(window, 0))).toBe(true);
  });

  it('expects the message as a whole, and only if its last fragment was taken', () => {
    const { window } = windowOf(4096);
    window.queued(30);
    const attempt = large(30);
    const first = fragments(window, attempt, [10, 10, 10]);
    for (const fragment of first) window.took(fragment);
    expect(window.bufferedBytes).toBe(0);
    for (const fragment of first) window.refused(fragment);
    for (const fragment of fragments(window, attempt, [10, 10, 10])) window.took(fragment);
    expect(window.bufferedBytes).toBe(0);
    expect(() => window.checkComplete()).toThrow(/1 of our messages/);
    for (let count = 0; count < 3; count += 1) window.fragmentDelivered(10);
    window.largeDelivered(30);
    expect(() => window.checkComplete()).not.toThrow();
    expect(() => window.largeDelivered(30)).toThrow(/none was due/);
    expect(send(window, [4000])).toBe(1); // nothing is left of the bytes
  });

  it('keeps nothing of a message whose last fragment was refused', async () => {
    const { window } = windowOf(4096);
    const refuse = (): WeakRef<LargeMessage> => {
      const message = large(20);
      for (const fragment of fragments(window, message, [10, 10])) {
        window.took(fragment);
        window.refused(fragment);
      }
      return new WeakRef(message);
    };
    const refused = [refuse(), refuse(), refuse()];
    await collectGarbage();
    expect(refused.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(2);
    expect(() => window.checkComplete()).not.toThrow();
  });

  it('counts nothing for one that was refused before it was sent', () => {
    const { window } = windowOf(100);
    for (const fragment of fragments(window, large(60), [30, 30])) window.refused(fragment);
    expect(send(window, [50, 50])).toBe(1);
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
