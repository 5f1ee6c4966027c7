import { CmapClient } from '../../src/index.ts';
import type { MessageReader } from '../../src/codec/message-reader.ts';
import type { MessageWriter } from '../../src/codec/message-writer.ts';
import type { RequestMessage } from '../../src/codec/message.ts';
import { connectIpc, type IpcConnection } from '../../src/ipc/index.ts';
import { readGoldenFile, type Exchange } from '../golden/golden-file.ts';
import { fakeListener, type FakeListener } from '../helpers/fake/fake-listener.ts';
import { build } from '../helpers/wire/message-builder.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { ipcTypeOf, type ServerResult, type Transport } from './results.ts';

type ServerAnswers = Pick<ServerResult, 'goldens' | 'keys'>;

/** What this release's server says, whatever the client's runtime: its answers to the golden requests, and its keys. */
export async function askServer(transport: Transport): Promise<ServerAnswers> {
  const corosync = await PrivateCorosync.start({ ipcType: ipcTypeOf(transport) });
  try {
    const keys = [...(await keysOf('icmap')), ...(await keysOf('stats'))];
    return { goldens: await replayGoldens(), keys: [...new Set(keys)].sort() };
  } finally {
    await corosync.stop();
  }
}

/** The keys with their types, without what names a process, and without those that come with a scheduling miss. */
async function keysOf(map: 'icmap' | 'stats'): Promise<string[]> {
  await using client = await CmapClient.connect({ map });
  const keys: string[] = [];
  for await (const { key, type } of client.keys()) {
    if (key.startsWith('stats.schedmiss.')) continue;
    keys.push(`${key.replace(/^(stats\.ipcs\.service\d+)\.\d+\.\w+\./, '$1.PID.PTR.')} (${type})`);
  }
  return keys;
}

async function replayGoldens(): Promise<ServerAnswers['goldens']> {
  const replay = new Replay();
  const different: string[] = [];
  let same = 0;
  // The handshakes have paths of their own; whoever connects has gone through one.
  const exchanges = readGoldenFile().exchanges.filter(
    ({ requestFields }) => requestFields.message !== 'connectionRequest',
  );
  for (const exchange of exchanges) {
    const difference = await replay.exchange(exchange);
    if (difference === undefined) same += 1;
    else different.push(`${exchange.name}: ${difference}`);
  }
  replay.end();
  return { same, different };
}

/** A request as bytes, and its answer as bytes. */
class RawRequest implements RequestMessage<Buffer> {
  readonly operation = 'golden';
  readonly expectedErrors = Array.from({ length: 101 }, (_, code) => code);
  readonly requestId: number;
  readonly responseId: number;
  readonly size: number;
  readonly maxResponseSize: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, response: Buffer) {
    this.#bytes = bytes;
    this.requestId = bytes.readInt32LE(0);
    this.size = bytes.length;
    this.maxResponseSize = response.length;
    this.responseId = response.readInt32LE(0);
  }

  encode(into: MessageWriter): void {
    this.#bytes.forEach((byte, offset) => into.u8(offset, byte));
  }

  decode(response: MessageReader): Buffer {
    return Buffer.from(response.copy(0, response.length));
  }
}

const HANDLE_IN_REQUEST = 16;
const HANDLE_IN_RESPONSE = 24;
const VALUE_IN_RESPONSE = 40;
const HANDLE_SIZE = 8;

/** Sends the golden requests again, in their order; handles are those that this server gives. */
class Replay {
  readonly #handles = new Map<string, bigint>();
  #connection: IpcConnection | undefined;
  #listener: FakeListener = fakeListener();

  /** The first difference from the golden answer and event; `undefined` if there is none. */
  async exchange(exchange: Exchange): Promise<string | undefined> {
    const expected = Buffer.from(exchange.response, 'hex');
    const connection = await this.#connectionFor(exchange);
    const request = new RawRequest(this.#requestBytes(exchange), expected);
    this.#listener.events.length = 0;
    const response = await connection.submit(request, { timeoutMs: 10_000, signal: undefined });
    const ignored = new Set(build(exchange.responseFields).padding());
    for (const offset of this.#unforeseeable(exchange, response)) ignored.add(offset);
    return difference(response, expected, ignored) ?? (await this.#eventDifference(exchange));
  }

  end(): void {
    this.#connection?.destroy();
  }

  /** A connection says which map it wants before anything else. */
  async #connectionFor({ requestFields: { message } }: Exchange): Promise<IpcConnection> {
    if (this.#connection !== undefined && message !== 'reqCmapSetCurrentMap') return this.#connection;
    this.#connection?.destroy();
    this.#listener = fakeListener();
    this.#connection = await connectIpc(
      {
        service: 'cmap',
        socketDirectory: undefined,
        sharedMemoryDirectory: undefined,
        bufferSize: 1 << 20,
        timeoutMs: 10_000,
        signal: undefined,
        tryAgainAttempts: 10,
        tryAgainDelayMs: 100,
      },
      this.#listener,
    );
    return this.#connection;
  }

  #requestBytes({ request, requestFields }: Exchange): Buffer {
    const bytes = Buffer.from(request, 'hex');
    const golden =
      'iterHandle' in requestFields
        ? requestFields.iterHandle
        : 'trackHandle' in requestFields
          ? requestFields.trackHandle
          : undefined;
    const live = golden === undefined ? undefined : this.#handles.get(golden);
    if (live !== undefined) bytes.writeBigUInt64LE(live, HANDLE_IN_REQUEST);
    return bytes;
  }

  /** Offsets of what another server may say otherwise: its handles, which are remembered, and its counters. */
  #unforeseeable({ name, responseFields }: Exchange, response: Buffer): number[] {
    const golden =
      'iterHandle' in responseFields
        ? responseFields.iterHandle
        : 'trackHandle' in responseFields
          ? responseFields.trackHandle
          : undefined;
    if (golden !== undefined && golden !== '0' && response.length >= HANDLE_IN_RESPONSE + HANDLE_SIZE) {
      this.#handles.set(golden, response.readBigUInt64LE(HANDLE_IN_RESPONSE));
      return bytesFrom(HANDLE_IN_RESPONSE, HANDLE_SIZE);
    }
    return name === 'get from the stats map' ? bytesFrom(VALUE_IN_RESPONSE, HANDLE_SIZE) : [];
  }

  async #eventDifference({ event, eventFields }: Exchange): Promise<string | undefined> {
    const { events } = this.#listener;
    if (event === undefined || !eventFields) return events.length === 0 ? undefined : 'an event';
    await waitUntil('the event is here', () => events.length > 0);
    const [told = Buffer.alloc(0)] = events;
    const found = difference(told, Buffer.from(event, 'hex'), build(eventFields).padding());
    return found === undefined ? undefined : `event, ${found}`;
  }
}

function bytesFrom(offset: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => offset + i);
}

function difference(got: Buffer, expected: Buffer, ignored: ReadonlySet<number>): string | undefined {
  if (got.length !== expected.length) return `${got.length} bytes, not ${expected.length}`;
  const at = got.findIndex((byte, offset) => byte !== expected[offset] && !ignored.has(offset));
  return at === -1 ? undefined : `byte ${at} is ${got[at] ?? ''}, not ${expected[at] ?? ''}`;
}
