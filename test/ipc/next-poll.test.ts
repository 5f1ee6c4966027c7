import { once } from 'node:events';
import { mkdtempSync, readFile, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NextPoll } from '../../src/ipc/next-poll.ts';

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe('NextPoll', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('acts when the event loop has polled and what it has read has been handed on, also from within a poll', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'next-poll-'));
    const server = net.createServer().listen(join(directory, 'socket'));
    await once(server, 'listening');
    const client = net.connect(join(directory, 'socket'));
    const [peer] = (await once(server, 'connection')) as [net.Socket];
    const order: string[] = [];
    client.on('data', () => order.push('is handed on'));
    await new Promise<void>((resolve) => {
      // What calls back is polled.
      readFile('/proc/self/stat', () => {
        peer.write('x');
        new NextPoll().after(() => {
          order.push('acts');
          resolve();
        });
      });
    });
    expect(order).toEqual(['is handed on', 'acts']);
    client.destroy();
    peer.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });

  it('acts once', async () => {
    const act = vi.fn();
    new NextPoll().after(act);
    await turns(6);
    expect(act).toHaveBeenCalledTimes(1);
  });

  it('has one thing to do at a time: the last that it was told', async () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const poll = new NextPoll();
    poll.after(first);
    await turn();
    poll.after(second);
    await turns(5);
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1]);
  });

  it.each([0, 1])('does nothing once it is cancelled: %d turns later', async (count) => {
    const act = vi.fn();
    const poll = new NextPoll();
    poll.after(act);
    await turns(count);
    poll.cancel();
    await turns(5);
    expect(act).not.toHaveBeenCalled();
  });

  it('can be cancelled by what was read, as late as in the tick before', async () => {
    const [act, ticks] = [vi.fn(), [] as (() => void)[]];
    const poll = new NextPoll();
    poll.after(act);
    await turn();
    vi.spyOn(process, 'nextTick').mockImplementation((tick) => void ticks.push(tick as () => void));
    await turn();
    vi.restoreAllMocks();
    expect(ticks).toHaveLength(1);
    poll.cancel();
    for (const tick of ticks) tick();
    expect(act).not.toHaveBeenCalled();
  });
});
