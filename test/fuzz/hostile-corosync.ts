import fs from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { RING_HEADER } from '../../src/codec/ring-layout.ts';
import { RingFile } from '../../src/ipc/shared-memory/ring-file.ts';
import { createRingFiles } from '../../src/testing/server/ring-files.ts';
import { FakeSetupServer } from '../helpers/fake/fake-setup-server.ts';
import { LibqbRing } from '../../src/testing/server/libqb-ring.ts';
import { connectionResponse } from '../helpers/wire/message-builder.ts';

/** Bytes that are granted, and words of each ring. */
const SIZES = {
  cmap: { buffer: 65_536, words: 20_480 },
  cpg: { buffer: 1_179_648, words: 300_032 },
} as const;
type Service = keyof typeof SIZES;
export const WORDS = SIZES.cmap.words;
const CHANNELS = ['request', 'response', 'event'] as const;
export type Channel = (typeof CHANNELS)[number];

/** How the server greets: what it does to its answer and to its ring files before it sends it. */
export interface Greeting {
  readonly answer: (honest: Buffer) => Buffer;
  /** Where the answer is cut into pieces, each sent in a turn of its own. */
  readonly cuts: readonly number[];
  readonly prepare: (ringDirectory: string) => void;
  /** Close after the answer. */
  readonly hangUp: boolean;
  readonly service?: 'cmap' | 'cpg';
}

export const HONEST: Greeting = {
  answer: (bytes) => bytes,
  cuts: [],
  prepare: () => undefined,
  hangUp: false,
};

/** One client's rings as the server has them. It takes requests, and answers as it is told; nothing stops it. */
class Connection {
  readonly socket: net.Socket;
  readonly ringDirectory: string;
  readonly rings: Readonly<Record<Channel, LibqbRing>>;

  constructor(socket: net.Socket, ringDirectory: string, recorded: string, service: Service) {
    this.socket = socket;
    this.ringDirectory = ringDirectory;
    fs.mkdirSync(ringDirectory, { mode: 0o770 });
    const open = (channel: Channel): LibqbRing => {
      const path = join(ringDirectory, `qb-${channel}-${service}`);
      const recordedPath = `${recorded}/qb-${channel}-${service}`;
      createRingFiles({ path, recordedPath, wordSize: SIZES[service].words });
      return new LibqbRing(new RingFile(path, recordedPath, SIZES[service].buffer));
    };
    this.rings = { request: open('request'), response: open('response'), event: open('event') };
  }

  close(): void {
    for (const channel of CHANNELS) this.rings[channel].storage.close();
  }
}

/** A server on a socket and with ring files, as libqb's, that does to its clients whatever a test wants. */
export class HostileCorosync implements AsyncDisposable {
  readonly setup: FakeSetupServer;
  readonly #connections: Connection[];

  readonly #service: Service;

  private constructor(setup: FakeSetupServer, connections: Connection[], service: Service) {
    this.setup = setup;
    this.#service = service;
    this.#connections = connections;
  }

  /** @param answers makes the chunks that a request is answered with */
  static async start(
    answers: (request: Buffer) => readonly Uint8Array[],
    greeting: Greeting = HONEST,
  ): Promise<HostileCorosync> {
    const connections: Connection[] = [];
    const { service = 'cmap' } = greeting;
    const setup: FakeSetupServer = await FakeSetupServer.start((socket, attempt) => {
      const name = `qb-${process.pid}-${process.pid}-${attempt}-abcdef`;
      const connection = new Connection(socket, join(setup.directory, name), `/dev/shm/${name}`, service);
      connections.push(connection);
      greeting.prepare(connection.ringDirectory);
      socket.on('data', (bytes) => serve(connection, bytes.length, answers));
      void greet(socket, greeting, greeting.answer(handshake(name, service)));
    }, service);
    return new HostileCorosync(setup, connections, service);
  }

  get options(): {
    socketDirectory: string;
    sharedMemoryDirectory: string;
    bufferSize: number;
    tryAgainAttempts: number;
  } {
    const { directory } = this.setup;
    return {
      socketDirectory: directory,
      sharedMemoryDirectory: directory,
      bufferSize: SIZES[this.#service].buffer,
      tryAgainAttempts: 0,
    };
  }

  /** Writes a word of a ring's header, whatever the client may think of it. */
  garble(channel: Channel, word: keyof typeof RING_HEADER, value: number): void {
    this.#connection?.rings[channel].storage.writeHeader(RING_HEADER[word], value >>> 0);
  }

  scribble(channel: Channel, offset: number, bytes: Uint8Array): void {
    const at = (offset % WORDS) * 4;
    this.#connection?.rings[channel].put(at, Buffer.from(bytes));
  }

  /** Cuts a file of a ring short, under the client's feet. */
  truncate(channel: Channel, file: 'header' | 'data', length: number): void {
    const { ringDirectory } = this.#connection ?? {};
    if (ringDirectory !== undefined)
      fs.truncateSync(join(ringDirectory, `qb-${channel}-${this.#service}-${file}`), length);
  }

  /** Writes an event, if it can, and a byte. */
  notify(event: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined || event.length === 0) return;
    tryToWrite(connection.rings.event, event);
    connection.socket.write(Buffer.alloc(1));
  }

  sendBytes(count: number): void {
    this.#connection?.socket.write(Buffer.alloc(count));
  }

  hangUp(): void {
    this.#connection?.socket.end();
  }

  die(): void {
    this.#connection?.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await this.setup[Symbol.asyncDispose]();
  }

  get #connection(): Connection | undefined {
    return this.#connections.at(-1);
  }
}

function handshake(name: string, service: Service): Buffer {
  return connectionResponse({
    error: 0,
    connectionType: 1,
    maxMessageSize: SIZES[service].buffer,
    connection: '1',
    request: `/dev/shm/${name}/qb-request-${service}`,
    response: `/dev/shm/${name}/qb-response-${service}`,
    event: `/dev/shm/${name}/qb-event-${service}`,
  }).toBytes();
}

async function greet(socket: net.Socket, { cuts, hangUp }: Greeting, answer: Buffer): Promise<void> {
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b)) {
    if (to > from) socket.write(answer.subarray(from, to));
    from = Math.max(from, to);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (from < answer.length) socket.write(answer.subarray(from));
  if (hangUp) socket.end();
}

/** Takes what is there. A request ring that it has garbled itself it leaves alone. */
function serve(
  { rings }: Connection,
  count: number,
  answers: (request: Buffer) => readonly Uint8Array[],
): void {
  for (let i = 0; i < count; i++) {
    let request: Buffer;
    try {
      request = rings.request.take();
    } catch {
      return;
    }
    for (const answer of answers(request)) if (answer.length > 0) tryToWrite(rings.response, answer);
  }
}

/** A ring that is cut short, or whose header is out of its range, leaves no place to write to. */
export function tryToWrite(ring: LibqbRing, bytes: Uint8Array): void {
  try {
    ring.write(bytes);
  } catch {
    // The message is lost.
  }
}
