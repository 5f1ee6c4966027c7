import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SetupSocket } from '../../src/ipc/setup-socket.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let directory: string;
let server: net.Server;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'corosync-client-'));
  server = net.createServer().listen(join(directory, 'cmap'));
  await once(server, 'listening');
});
afterEach(() => {
  vi.useRealTimers();
  server.close();
  rmSync(directory, { recursive: true });
});

/** Both ends of a connection. */
async function connected(): Promise<{ setup: SetupSocket; peer: net.Socket }> {
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const setup = await SetupSocket.connect(join(directory, 'cmap'), new AbortController().signal);
  const [peer] = await accepted;
  return { setup, peer };
}

describe('SetupSocket.sendRequestBytes', () => {
  it('hands the bytes over at once, also the second time in a turn: waiting in this turn makes sense', async () => {
    const { setup, peer } = await connected();
    peer.pause();
    expect([setup.sendRequestBytes(1), setup.sendRequestBytes(100), setup.sendRequestBytes(1)]).toEqual([
      true,
      true,
      true,
    ]);
    let received = 0;
    peer.on('data', (bytes) => (received += bytes.length)).resume();
    while (received < 102) await once(peer, 'data');
    expect(received).toBe(102);
    setup.destroy();
    peer.destroy();
  });

  it('says so where the kernel does not take them all', async () => {
    const { setup, peer } = await connected();
    peer.pause();
    let handedOver = true;
    for (let i = 0; i < 100 && handedOver; i++) handedOver = setup.sendRequestBytes(100_000);
    expect(handedOver).toBe(false);
    setup.destroy();
    peer.destroy();
  });
});

describe('SetupSocket.listen', () => {
  // A rest lasts until the test ends it, and others' timers do not count.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));

  /** Rests after each look, and tells how many bytes each saw. */
  async function resting(
    restMs = 300,
  ): Promise<{ setup: SetupSocket; peer: net.Socket; told: (number | string)[] }> {
    const { setup, peer } = await connected();
    const told: (number | string)[] = [];
    setup.listen(
      (count) => {
        told.push(count);
        return restMs;
      },
      () => told.push('closed'),
    );
    return { setup, peer, told };
  }

  it('rests as long as told: what comes meanwhile comes together', async () => {
    const { setup, peer, told } = await resting();
    peer.write('a');
    await waitUntil('the first byte', () => told.length > 0);
    for (let i = 0; i < 5; i++) peer.write('b');
    vi.advanceTimersByTime(299);
    await turn();
    expect(told).toEqual([1]);
    vi.advanceTimersByTime(1);
    await waitUntil('they have come', () => told.length > 1);
    expect(told).toEqual([1, 5]);
    vi.advanceTimersByTime(300);
    peer.write('c');
    await waitUntil('it goes on', () => told.length > 2);
    setup.destroy();
    peer.destroy();
  });

  it('notices after a rest what came last, and the end', async () => {
    const { peer, told } = await resting();
    peer.write('a');
    await waitUntil('the first byte', () => told.length > 0);
    peer.end('bc');
    vi.advanceTimersByTime(300);
    await waitUntil('they have come', () => told.length > 1);
    vi.advanceTimersByTime(300);
    await waitUntil('the end', () => told.includes('closed'));
    expect(told).toEqual([1, 2, 'closed']);
    peer.destroy();
  });

  it('destroyed while it rests, or by who takes the events: no timer is left, and nothing is told any more', async () => {
    const { setup, peer, told } = await resting(3_600_000);
    peer.write('a');
    await waitUntil('the first byte', () => told.length > 0);
    expect(vi.getTimerCount()).toBe(1);
    setup.destroy();
    expect(vi.getTimerCount()).toBe(0);
    peer.destroy();

    const another = await resting();
    another.setup.listen(
      () => {
        another.setup.destroy();
        return 1;
      },
      () => another.told.push('closed'),
    );
    another.peer.write('a');
    await once(another.peer, 'close');
    expect([vi.getTimerCount(), told, another.told]).toEqual([0, [1], []]);
  });
});
