import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RING_HEADER } from '../../src/codec/ring-layout.ts';
import { connectIpc } from '../../src/ipc/index.ts';
import { RingDirectory } from '../../src/testing/server/ring-directory.ts';
import { createRingFiles } from '../../src/testing/server/ring-files.ts';
import { EMPTY, encodeWelcome } from '../../src/testing/server/welcome.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { FakeSetupServer } from '../helpers/fake/fake-setup-server.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** The pid of a process that has been here and is gone. */
function deadPid(): number {
  return spawnSync('true').pid;
}

const BUFFER_SIZE = 65_536;

/** A server that answers the handshake, and then cleans up nothing, as one that was killed. */
class KilledServer implements AsyncDisposable {
  readonly #setup: FakeSetupServer;
  ringDirectory = '';
  #socket: net.Socket | undefined;

  private constructor(setup: FakeSetupServer) {
    this.#setup = setup;
  }

  static async start({
    pid,
    clientPid = process.pid,
  }: {
    pid: number;
    clientPid?: number;
  }): Promise<KilledServer> {
    const setup: FakeSetupServer = await FakeSetupServer.start((socket, number) => {
      const sharedMemoryDirectory = setup.directory;
      const files = new RingDirectory({
        sharedMemoryDirectory,
        service: 'cmap',
        serverPid: pid,
        clientPid,
        number,
      });
      const rings = files.createRings(BUFFER_SIZE);
      for (const ring of [rings.request, rings.response, rings.event]) ring.close();
      server.ringDirectory = files.path;
      server.#socket = socket;
      socket.write(
        encodeWelcome({ ...EMPTY, ...files.ringNames, connectionType: 1, maxMessageSize: BUFFER_SIZE }),
      );
    });
    const server = new KilledServer(setup);
    return server;
  }

  get options(): { socketDirectory: string; sharedMemoryDirectory: string; bufferSize: number } {
    const { directory } = this.#setup;
    return { socketDirectory: directory, sharedMemoryDirectory: directory, bufferSize: BUFFER_SIZE };
  }

  die(): void {
    this.#socket?.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#setup[Symbol.asyncDispose]();
  }
}

describe('files of a connection that has ended', () => {
  it.each(['lost', 'closed', 'destroyed'] as const)('are removed if the server is dead: %s', async (how) => {
    await using corosync = await KilledServer.start({ pid: deadPid() });
    const connection = await connectTo(corosync);
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
    if (how === 'lost') corosync.die();
    else if (how === 'closed') await connection.close();
    else connection.destroy();
    await waitUntil('the files are gone', () => !fs.existsSync(corosync.ringDirectory), { everyMs: 1 });
    expect(connection.closed).toBe(true);
  });

  it('are removed if the server dies before it has noticed our close', async () => {
    using server = shortLived();
    await using corosync = await KilledServer.start({ pid: server.pid });
    const connection = await connectTo(corosync);
    await connection.close();
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
    server.kill();
    await waitUntil('the files are gone', () => !fs.existsSync(corosync.ringDirectory));
  });

  it.each(['lost', 'closed'] as const)('are left to a server that lives: %s', async (how) => {
    await using corosync = await KilledServer.start({ pid: process.pid });
    const connection = await connectTo(corosync);
    if (how === 'lost') corosync.die();
    else await connection.close();
    await waitUntil('the connection is closed', () => connection.closed, { everyMs: 1 });
    await sleep(50);
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
  });

  it.each([
    ['is somebody else', () => process.pid],
    ['is nobody', deadPid],
  ])(
    'are removed a while after a server in another pid namespace is lost, whose pid here %s',
    async (_who, pid) => {
      await using corosync = await KilledServer.start({ pid: pid(), clientPid: 0 });
      const connection = await connectTo(corosync);
      corosync.die();
      await waitUntil('the connection is closed', () => connection.closed, { everyMs: 1 });
      await sleep(50);
      expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
      await waitUntil('the files are gone', () => !fs.existsSync(corosync.ringDirectory));
    },
  );

  it('are left to a server in another pid namespace if we close', async () => {
    await using corosync = await KilledServer.start({ pid: deadPid(), clientPid: 0 });
    const connection = await connectTo(corosync);
    await connection.close();
    await sleep(1500);
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
  });
});

describe('files of a connection that never came to be', () => {
  const DEAD = deadPid();
  const OURS = `qb-${DEAD}-${process.pid}-17-Ab3dE9`;
  const OTHERS = [
    `qb-${process.pid}-${process.pid}-17-Ab3dE9`, // of a server that lives
    `qb-${DEAD}-1-17-Ab3dE9`, // of another client
    `qb-corosync-${DEAD}-blackbox-data`,
  ];

  const makeFiles = (directory: string, names: readonly string[]): void => {
    for (const name of names) {
      fs.mkdirSync(join(directory, name));
      createRingFiles({ path: join(directory, name, 'qb-request-cmap') });
    }
  };

  const connect = (directory: string, signal?: AbortSignal): Promise<unknown> =>
    connectIpc(
      {
        service: 'cmap',
        socketDirectory: directory,
        sharedMemoryDirectory: directory,
        bufferSize: BUFFER_SIZE,
        timeoutMs: 5000,
        signal,
        tryAgainAttempts: 0,
        tryAgainDelayMs: 10,
      },
      fakeListener(),
    );

  it('are removed if the server dies without an answer, and nobody else’s', async () => {
    await using server = await FakeSetupServer.start((socket) => {
      makeFiles(server.directory, [OURS, ...OTHERS]);
      socket.destroy();
    });
    const { directory } = server;
    await expect(connect(directory)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await waitUntil('ours are gone', () => !fs.existsSync(join(directory, OURS)), { everyMs: 1 });
    expect(fs.readdirSync(directory).sort()).toEqual(['cmap', ...OTHERS].sort());
  });

  it('are removed if it was given up, though the server was killed a moment later', async () => {
    const abort = new AbortController();
    const enough = new Error('enough');
    await using server = await FakeSetupServer.start(() => abort.abort(enough));
    const { directory } = server;
    await expect(connect(directory, abort.signal)).rejects.toBe(enough);
    makeFiles(directory, [OURS, ...OTHERS]);
    server.hangUp();
    await waitUntil('ours are gone', () => !fs.existsSync(join(directory, OURS)));
    expect(fs.readdirSync(directory).sort()).toEqual(['cmap', ...OTHERS].sort());
  });

  it('are not taken for ours if they are older: pids of containers are not unique', async () => {
    await using server = await FakeSetupServer.start((socket) => void socket.destroy());
    const { directory } = server;
    makeFiles(directory, [OURS]);
    fs.utimesSync(join(directory, OURS), new Date(), new Date(Date.now() - 1000));
    await expect(connect(directory)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await sleep(50);
    expect(fs.readdirSync(join(directory, OURS))).toHaveLength(2);
  });

  it.each<[string, (directory: string) => void]>([
    [
      'another client has opened a ring',
      (directory) => change(join(directory, 'qb-request-cmap-header'), RING_HEADER.referenceCount, 2),
    ],
    [
      'another client has sent a request',
      (directory) => change(join(directory, 'qb-request-cmap-header'), RING_HEADER.writePointer, 6),
    ],
    ['counters have been used', (directory) => fs.writeFileSync(join(directory, 'qb-control-cmap'), 'used')],
    [
      'a file of another service is there',
      (directory) => fs.writeFileSync(join(directory, 'qb-request-cpg-data'), ''),
    ],
    ['a file is a link', (directory) => fs.symlinkSync('elsewhere', join(directory, 'qb-event-cmap-header'))],
    [
      'a file has two names',
      (directory) =>
        fs.linkSync(join(directory, 'qb-request-cmap-data'), join(directory, 'qb-event-cmap-data')),
    ],
    ['a file is a directory', (directory) => fs.mkdirSync(join(directory, 'qb-event-cmap-header'))],
  ])('are not taken for ours where %s: nothing is removed', async (_what, use) => {
    let before: string[] = [];
    await using server = await FakeSetupServer.start((socket) => {
      makeFiles(server.directory, [OURS]);
      use(join(server.directory, OURS));
      before = fs.readdirSync(join(server.directory, OURS));
      socket.destroy();
    });
    await expect(connect(server.directory)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await sleep(50);
    expect(fs.readdirSync(join(server.directory, OURS))).toEqual(before);
  });

  it('are removed though the server was killed while it made them', async () => {
    await using server = await FakeSetupServer.start((socket) => {
      makeFiles(server.directory, [OURS]);
      const directory = join(server.directory, OURS);
      change(join(directory, 'qb-request-cmap-header'), RING_HEADER.referenceCount, 0);
      for (const name of ['qb-response-cmap-header', 'qb-control-cmap'])
        fs.writeFileSync(join(directory, name), '');
      socket.destroy();
    });
    await expect(connect(server.directory)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await waitUntil('ours are gone', () => !fs.existsSync(join(server.directory, OURS)), { everyMs: 1 });
  });

  it('are not taken for ours where a link leads to those of others', async () => {
    await using server = await FakeSetupServer.start((socket) => void socket.destroy());
    const { directory } = server;
    makeFiles(directory, ['elsewhere']);
    fs.symlinkSync('elsewhere', join(directory, OURS));
    await expect(connect(directory)).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await sleep(50);
    expect(fs.readdirSync(join(directory, 'elsewhere'))).toHaveLength(2);
  });
});

/** Writes a word of a file. */
function change(path: string, offset: number, value: number): void {
  const bytes = fs.readFileSync(path);
  bytes.writeUInt32LE(value, offset);
  fs.writeFileSync(path, bytes);
}

/** A process to be taken for the server. */
function shortLived(): { pid: number; kill: () => void } & Disposable {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const kill = (): void => void child.kill('SIGKILL');
  if (child.pid === undefined) throw new Error('sleep could not be started');
  return { pid: child.pid, kill, [Symbol.dispose]: kill };
}
