import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeUnanswered } from '../../helpers/fake/fake-request.ts';
import { answerWhenTold, MemoryConnection } from '../../helpers/memory/memory-connection.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

// A file of its own: the timers of connections that other tests leave behind would be counted, too.
describe('Events that have come', () => {
  afterEach(() => void vi.useRealTimers());

  it('have answers looked for at once, to requests that are never answered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    let isSettled = false;
    const call = connection.submit(new FakeUnanswered(1)).then(() => (isSettled = true));
    await waitUntil('the next look is a timer’s, which does not come', () => vi.getTimerCount() === 1, {
      everyMs: 1,
    });
    connection.server.runDry();
    await turn();
    expect(isSettled).toBe(false);
    connection.pipeline.eventsCame();
    await call;
    connection.pipeline.eventsCame();
  });
});
