import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SetupSocket } from '../../src/ipc/setup-socket.ts';

describe('SetupSocket.sendRequestBytes', () => {
  let directory: string;
  let server: net.Server;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'corosync-client-'));
    server = net.createServer().listen(join(directory, 'cmap'));
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  it('hands the bytes over at once, also the second time in a turn: waiting in this turn makes sense', async () => {
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const setup = await SetupSocket.connect(join(directory, 'cmap'), new AbortController().signal);
    const [peer] = await accepted;
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
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const setup = await SetupSocket.connect(join(directory, 'cmap'), new AbortController().signal);
    const [peer] = await accepted;
    peer.pause();
    let handedOver = true;
    for (let i = 0; i < 100 && handedOver; i++) handedOver = setup.sendRequestBytes(100_000);
    expect(handedOver).toBe(false);
    setup.destroy();
    peer.destroy();
  });
});
