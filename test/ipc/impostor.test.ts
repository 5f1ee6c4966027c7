import fs from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RING_HEADER } from '../../src/codec/ring-layout.ts';
import { takeNewRings } from '../../src/ipc/shared-memory/new-rings.ts';
import { RingDirectory } from '../../src/testing/server/ring-directory.ts';
import { LibqbRing } from '../../src/testing/server/libqb-ring.ts';
import type { ServerRings } from '../../src/testing/server/server-channels.ts';
import { EMPTY, encodeWelcome } from '../../src/testing/server/welcome.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { FakeSetupServer } from '../helpers/fake/fake-setup-server.ts';
import { errorOf } from '../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const BUFFER_SIZE = 65_536;
/** Longer than the kernel's clock for files stands still. */
const A_TICK_MS = 30;
/** Beyond pid_max: a server that has died. */
const NOBODY = 2 ** 22 + 1;
const UNTRUSTED = { name: 'ConnectionError', code: 'CS_ERR_SECURITY', operation: 'connect' };

/** Names to each client whatever directory it likes. */
class Impostor implements AsyncDisposable {
  readonly #setup: FakeSetupServer;
  readonly #sockets: net.Socket[] = [];
  /** Hangs up when it has named the rings. */
  goes = false;
  /** Called for each client. */
  names: () => RingDirectory = () => this.makeRings();

  private constructor(setup: FakeSetupServer) {
    this.#setup = setup;
  }

  static async start(): Promise<Impostor> {
    const setup = await FakeSetupServer.start((socket) => impostor.#greet(socket));
    const impostor = new Impostor(setup);
    return impostor;
  }

  get directory(): string {
    return this.#setup.directory;
  }

  get options(): { socketDirectory: string; sharedMemoryDirectory: string; bufferSize: number } {
    const { directory } = this;
    return { socketDirectory: directory, sharedMemoryDirectory: directory, bufferSize: BUFFER_SIZE };
  }

  /** As a server that has died by now would have made them for us; `use` does what has become of them. */
  makeRings(use: (rings: ServerRings) => void = () => undefined): RingDirectory {
    const directory = new RingDirectory({
      sharedMemoryDirectory: this.directory,
      service: 'cmap',
      serverPid: NOBODY,
      clientPid: process.pid,
      number: 17,
    });
    const rings = directory.createRings(BUFFER_SIZE);
    use(rings);
    for (const ring of [rings.request, rings.response, rings.event]) ring.close();
    return directory;
  }

  die(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#setup[Symbol.asyncDispose]();
  }

  #greet(socket: net.Socket): void {
    this.#sockets.push(socket);
    const { ringNames } = this.names();
    socket.write(encodeWelcome({ ...EMPTY, ...ringNames, connectionType: 1, maxMessageSize: BUFFER_SIZE }));
    if (this.goes) socket.end();
  }
}

/** The content of all files of a connection, by name. */
function contentOf({ path }: RingDirectory): ReadonlyMap<string, string> {
  const names = fs.readdirSync(path).sort();
  return new Map(names.map((name) => [name, fs.readFileSync(join(path, name), 'latin1')]));
}

describe('an impostor', () => {
  /** It is refused, writes to nothing, and nothing is removed when it goes. */
  async function refuses(impostor: Impostor, rings: RingDirectory, why: RegExp): Promise<void> {
    const before = contentOf(rings);
    impostor.names = () => rings;
    const error = await errorOf(connectTo(impostor));
    expect(error).toMatchObject({ ...UNTRUSTED, message: expect.stringMatching(why) as unknown });
    impostor.die();
    await sleep(A_TICK_MS);
    expect(contentOf(rings)).toEqual(before);
  }

  it('that names rings which were there before we asked, though nobody has used them', async () => {
    await using impostor = await Impostor.start();
    const rings = impostor.makeRings();
    await sleep(A_TICK_MS);
    await refuses(impostor, rings, /was there before/);
  });

  it.each(['header', 'data'])('that names a ring whose %s was there before', async (part) => {
    await using impostor = await Impostor.start();
    impostor.names = () => {
      const rings = impostor.makeRings();
      // Renamed into its place, as somebody of our group could.
      fs.utimesSync(join(rings.path, `qb-event-cmap-${part}`), new Date(), new Date(Date.now() - 1000));
      return rings;
    };
    expect(await errorOf(connectTo(impostor))).toMatchObject({
      ...UNTRUSTED,
      message: expect.stringMatching(/qb-event-cmap-.* was there before/) as unknown,
    });
  });

  it.each<[string, (rings: ServerRings) => void]>([
    ['has opened', (rings) => takeNewRings({ ...rings })],
    ['has sent a request in', ({ request }) => void new LibqbRing(request).write(Buffer.alloc(24))],
    [
      'has been answered in',
      ({ response }) => {
        const ring = new LibqbRing(response);
        ring.write(Buffer.alloc(24));
        ring.take();
      },
    ],
  ])('that names rings which another client %s since we asked', async (_what, use) => {
    await using impostor = await Impostor.start();
    let rings: RingDirectory | undefined;
    let before: unknown;
    impostor.names = () => {
      rings = impostor.makeRings(use);
      before = contentOf(rings);
      return rings;
    };
    expect(await errorOf(connectTo(impostor))).toMatchObject(UNTRUSTED);
    expect(rings && contentOf(rings)).toEqual(before);
  });

  it('that names the same rings to two of our connections: one has them, and they stay his', async () => {
    await using impostor = await Impostor.start();
    let rings: RingDirectory | undefined;
    impostor.names = () => (rings ??= impostor.makeRings());
    const outcomes = await Promise.allSettled([connectTo(impostor), connectTo(impostor)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(UNTRUSTED);
      else outcome.value.destroy();
    }
    await waitUntil('the files of the dead server are removed', () => !fs.existsSync(rings?.path ?? ''));
  });

  it('that puts another directory in the place of the one that was checked: it is not removed', async () => {
    await using impostor = await Impostor.start();
    let rings: RingDirectory | undefined;
    impostor.names = () => (rings = impostor.makeRings());
    const connection = await connectTo(impostor);
    const { path = '' } = rings ?? {};
    fs.renameSync(path, `${path}.aside`);
    fs.cpSync(`${path}.aside`, path, { recursive: true });
    connection.destroy();
    await sleep(A_TICK_MS);
    expect(fs.readdirSync(path)).toHaveLength(6);
    expect(fs.readdirSync(`${path}.aside`)).toHaveLength(6);
  });
});

describe('a server that has closed a ring', () => {
  /** What connecting ends in: the server names rings of which it has closed one. */
  async function outcome(goes: boolean): Promise<unknown> {
    await using impostor = await Impostor.start();
    impostor.goes = goes;
    impostor.names = () => {
      const rings = impostor.makeRings();
      const header = fs.openSync(join(rings.path, 'qb-event-cmap-header'), 'r+');
      fs.writeSync(header, Buffer.alloc(4), 0, 4, RING_HEADER.referenceCount);
      fs.closeSync(header);
      return rings;
    };
    return await errorOf(connectTo(impostor));
  }

  it('and hangs up is a corosync that ends', async () => {
    expect(await outcome(true)).toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_LIBRARY',
      operation: 'connect',
      cause: UNTRUSTED,
    });
  });

  it('and stays is none', async () => {
    expect(await outcome(false)).toMatchObject(UNTRUSTED);
  });
});
