/**
 * Regenerates test/golden/cmap-exchanges.json from exchanges between libcmap and a real corosync:
 *   scripts/in-namespaces.sh npx tsx scripts/capture-goldens.ts
 *
 * libqb leaves what went through a ring in its data file, so nothing has to stand between the two: after each call
 * the chunks between the old and the new write pointer are read. The handshake goes over a socket, strace shows it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { CMAP_TRACK, CMAP_TYPES, CmapPeer } from '../test/helpers/corosync/c-peer.ts';
import {
  build,
  differences,
  dirtyPadding,
  type MessageFields,
} from '../test/helpers/wire/message-builder.ts';
import { PrivateCorosync } from '../test/helpers/corosync/private-corosync.ts';
import { RingRecorder } from '../test/helpers/memory/ring-recorder.ts';
import { waitUntil } from '../test/helpers/wait-until.ts';
import { stringifyGolden, type Exchange, type GoldenFile } from '../test/golden/golden-file.ts';

const CS_OK = 1;
const { int8, uint8, int16, uint16, int32, uint32, int64, uint64, float, double, string, binary } =
  CMAP_TYPES;
const ALL = CMAP_TRACK.add | CMAP_TRACK.modify | CMAP_TRACK.delete;
const LARGEST_VALUE = 16384;

const HOW =
  'Real exchanges of libcmap (test/c/cmap-peer.c) with corosync, one call at a time: after each call the chunks ' +
  'between the old and the new write pointer of the connection\'s ring files in shared memory. "call" is the C call, ' +
  '"result" what it returned. Calls named qb_ipcc_sendv_recv are requests that libcmap cannot be made to send; their ' +
  "bytes are ours, the response is corosync's. Handshakes are what strace saw on the socket. The fields beside the " +
  'bytes come from the arguments and results of the call, and were checked against the bytes; only what the C API ' +
  'does not show (handles, bytes behind a value, the fields of error responses) was read from the bytes. ' +
  '"dirtyPadding" lists offsets of padding bytes that are not zero: corosync does not clear all of its responses. ' +
  'In hex, (00*248) stands for 248 zero bytes; readGoldenFile() writes it out. ' +
  'Regenerate with scripts/capture-goldens.ts; handles, pids and paths will differ.';

const exchanges: Exchange[] = [];

/** The values to set and get, by name. */
function values(): [name: string, type: number, bytes: Buffer][] {
  const number = (size: number, put: (bytes: Buffer) => number): Buffer => {
    const bytes = Buffer.alloc(size);
    put(bytes);
    return bytes;
  };
  return [
    ['int8', int8, number(1, (b) => b.writeInt8(-5))],
    ['uint8', uint8, number(1, (b) => b.writeUInt8(200))],
    ['int16', int16, number(2, (b) => b.writeInt16LE(-12345))],
    ['uint16', uint16, number(2, (b) => b.writeUInt16LE(54321))],
    ['int32', int32, number(4, (b) => b.writeInt32LE(-1234567890))],
    ['uint32', uint32, number(4, (b) => b.writeUInt32LE(4000000000))],
    ['int64', int64, number(8, (b) => b.writeBigInt64LE(-1234567890123456789n))],
    ['uint64', uint64, number(8, (b) => b.writeBigUInt64LE(0xfedcba9876543210n))],
    ['float', float, number(4, (b) => b.writeFloatLE(-0.1))],
    ['double', double, number(8, (b) => b.writeDoubleLE(Math.PI))],
    ['string', string, Buffer.from('Zürich')],
    ['empty-string', string, Buffer.alloc(0)],
    ['binary', binary, Buffer.from('00ff1000', 'hex')],
    ['empty-binary', binary, Buffer.alloc(0)],
    ['largest', binary, Buffer.alloc(LARGEST_VALUE, Buffer.from('0123456789abcdef'))],
    ['largest-string', string, Buffer.alloc(LARGEST_VALUE, 'abcdefghijklm')],
  ];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const handleAt = (bytes: Buffer, offset: number): string => String(bytes.readBigUInt64LE(offset));
const text = (bytes: Buffer): string => (bytes.length > 40 ? `${bytes.length} bytes` : hex(bytes));

interface Chunks {
  readonly request: Buffer;
  readonly response: Buffer;
  readonly event: Buffer | undefined;
}

interface Fields {
  readonly request: MessageFields;
  readonly response: MessageFields;
  readonly event?: MessageFields | undefined;
}

function add(name: string, call: string, result: string, chunks: Chunks, fields: Fields): void {
  const check = (bytes: Buffer, expected: MessageFields): number[] => {
    const wrong = differences(bytes, build(expected));
    if (wrong.length > 0)
      throw new Error(`${name}, ${expected.message}: ${wrong.slice(0, 20).join(', ')}\n${text(bytes)}`);
    return dirtyPadding(bytes, build(expected));
  };
  if (check(chunks.request, fields.request).length > 0)
    throw new Error(`${name}: the request's padding is not zero`);
  const dirtyResponse = check(chunks.response, fields.response);
  const dirtyEvent = chunks.event && fields.event ? check(chunks.event, fields.event) : [];
  if ((chunks.event === undefined) !== (fields.event === undefined))
    throw new Error(`${name}: event or no event?`);
  exchanges.push({
    name,
    call,
    result,
    requestFields: fields.request,
    request: hex(chunks.request),
    responseFields: fields.response,
    response: hex(chunks.response),
    ...(fields.event && chunks.event ? { eventFields: fields.event, event: hex(chunks.event) } : {}),
    ...(dirtyResponse.length > 0 || dirtyEvent.length > 0
      ? { dirtyPadding: { response: dirtyResponse, event: dirtyEvent } }
      : {}),
  });
}

/** One connected libcmap client and its rings. */
class Session {
  readonly peer: CmapPeer;
  readonly #rings: RingRecorder;
  #track: { readonly key: string; readonly instHandle: string } | undefined;

  private constructor(peer: CmapPeer, rings: RingRecorder) {
    this.peer = peer;
    this.#rings = rings;
  }

  static of(corosync: PrivateCorosync, peer: CmapPeer): Session {
    const directory = corosync
      .sharedMemoryLeftovers()
      .find((name) => name.startsWith(`qb-${corosync.pid}-${peer.pid}-`));
    if (directory === undefined) throw new Error('the connection has no rings');
    return new Session(peer, new RingRecorder(join('/dev/shm', directory), 'cmap'));
  }

  /** Leaves out what was captured before this session was made. */
  skip(): void {
    for (const ring of ['request', 'response', 'event'] as const) this.#rings.take(ring);
  }

  /** What went over the rings since the last time. Most calls are one request and one response. */
  chunks(): Chunks {
    const [request, response, event] = [
      this.#rings.take('request'),
      this.#rings.take('response'),
      this.#rings.take('event'),
    ];
    if (!request[0] || !response[0] || request.length + response.length !== 2 || event.length > 1) {
      throw new Error('not one exchange');
    }
    return { request: request[0], response: response[0], event: event[0] };
  }

  /** The call failed or has nothing to tell: the response is its header. */
  async plain(
    name: string,
    call: string,
    request: MessageFields,
    id: number,
    run: () => Promise<number>,
  ): Promise<void> {
    const code = await run();
    add(name, call, `${code}`, this.chunks(), {
      request,
      response: { message: 'resHeaderOnly', id, error: code },
    });
  }

  /** A call that may change a value; with a tracker there is a notification. */
  async change(
    name: string,
    call: string,
    request: MessageFields,
    id: number,
    run: () => Promise<number>,
  ): Promise<void> {
    const seen = this.peer.notifications.length;
    const code = await run();
    const chunks = this.chunks();
    const event = chunks.event && (await this.#notification(seen));
    add(name, call, `${code}`, chunks, {
      request,
      response: { message: 'resHeaderOnly', id, error: code },
      event,
    });
  }

  async #notification(seen: number): Promise<MessageFields> {
    const got = (await this.peer.notified(seen + 1))[seen];
    if (!got || !this.#track) throw new Error('a notification without a tracker');
    return {
      message: 'resCmapNotifyCallback',
      trackInstHandle: this.#track.instHandle,
      key: got.key,
      event: got.event,
      newType: got.newType,
      newValue: hex(got.newValue),
      oldType: got.oldType,
      oldValue: hex(got.oldValue),
    };
  }

  set(name: string, key: string, type: number, bytes: Buffer): Promise<void> {
    const call = `cmap_set("${key}", ${text(bytes)}, ${bytes.length}, ${type})`;
    const request: MessageFields = { message: 'reqCmapSet', key, type, value: hex(bytes) };
    return this.change(name, call, request, 0, () => this.peer.set(key, type, bytes));
  }

  delete(name: string, key: string): Promise<void> {
    return this.change(name, `cmap_delete("${key}")`, { message: 'reqCmapDelete', key }, 1, () =>
      this.peer.delete(key),
    );
  }

  adjust(name: string, key: string, call: 'inc' | 'dec'): Promise<void> {
    const request: MessageFields = { message: 'reqCmapAdjustInt', key, step: call === 'inc' ? 1 : -1 };
    return this.change(name, `cmap_${call}("${key}")`, request, 3, () => this.peer[call](key));
  }

  async get(name: string, key: string, bufferLength: number): Promise<void> {
    const got = await this.peer.get(key, bufferLength);
    const chunks = this.chunks();
    const tail = chunks.response.subarray(40 + got.value.length);
    const ok = got.code === CS_OK;
    add(
      name,
      `cmap_get("${key}", ${bufferLength < 0 ? 'NULL' : 'buffer'}, ${Math.max(bufferLength, 0)})`,
      ok ? `${got.code}, length ${got.length}, type ${got.type}, ${text(got.value)}` : `${got.code}`,
      chunks,
      {
        request: { message: 'reqCmapGet', key, valueLength: Math.max(bufferLength, 0) },
        response: {
          message: 'resCmapGet',
          error: got.code,
          valueLength: ok ? got.length : Number(chunks.response.readBigUInt64LE(24)),
          type: ok ? got.type : chunks.response.readUInt8(32),
          value: hex(got.value) + hex(tail),
        },
      },
    );
  }

  async iterInit(name: string, prefix: string): Promise<bigint> {
    const { code, handle } = await this.peer.iterInit(prefix);
    add(name, `cmap_iter_init("${prefix}")`, `${code}, handle ${handle}`, this.chunks(), {
      request: { message: 'reqCmapIterInit', prefix },
      response: { message: 'resCmapIterInit', error: code, iterHandle: String(handle) },
    });
    return handle;
  }

  async iterNext(name: string, handle: bigint): Promise<number> {
    const { code, key, length, type } = await this.peer.iterNext(handle);
    const chunks = this.chunks();
    const ok = code === CS_OK;
    const unset = chunks.response.length >= 304 ? chunks.response : Buffer.alloc(304);
    add(
      name,
      `cmap_iter_next(${handle})`,
      ok ? `${code}, "${key}", length ${length}, type ${type}` : `${code}`,
      chunks,
      {
        request: { message: 'reqCmapIterNext', iterHandle: String(handle) },
        response: {
          message: 'resCmapIterNext',
          error: code,
          key,
          valueLength: ok ? length : Number(unset.readBigUInt64LE(288)),
          type: ok ? type : unset.readUInt8(296),
        },
      },
    );
    return code;
  }

  iterFinalize(name: string, handle: bigint): Promise<void> {
    const request: MessageFields = { message: 'reqCmapIterFinalize', iterHandle: String(handle) };
    return this.plain(name, `cmap_iter_finalize(${handle})`, request, 6, () =>
      this.peer.iterFinalize(handle),
    );
  }

  async trackAdd(name: string, key: string, trackType: number): Promise<bigint> {
    const { code, handle } = await this.peer.trackAdd(key, trackType);
    const chunks = this.chunks();
    const instHandle = handleAt(chunks.request, 288);
    this.#track = { key, instHandle };
    add(
      name,
      `cmap_track_add("${key}", ${trackType})`,
      code === CS_OK ? `${code}, handle ${handle}` : `${code}`,
      chunks,
      {
        request: { message: 'reqCmapTrackAdd', key, trackType, trackInstHandle: instHandle },
        response: { message: 'resCmapTrackAdd', error: code, trackHandle: handleAt(chunks.response, 24) },
      },
    );
    return handle;
  }

  async trackDelete(name: string, handle: bigint): Promise<void> {
    const code = await this.peer.trackDelete(handle);
    const chunks = this.chunks();
    add(name, `cmap_track_delete(${handle})`, `${code}`, chunks, {
      request: { message: 'reqCmapTrackDelete', trackHandle: handleAt(chunks.request, 16) },
      response: {
        message: 'resCmapTrackDelete',
        error: code,
        trackInstHandle: this.#track?.instHandle ?? '0',
      },
    });
  }
}

async function captureValues(session: Session): Promise<void> {
  for (const [name, type, bytes] of values()) {
    await session.set(`set ${name}`, `test.golden.${name}`, type, bytes);
    const stored = type === string ? bytes.length + 1 : bytes.length;
    await session.get(`get ${name}`, `test.golden.${name}`, stored);
  }
  await session.get('get into a larger buffer', 'test.golden.uint32', 64);
  await session.get('get length and type', 'test.golden.largest', -1);
  await session.get('get into a too small buffer', 'test.golden.string', 3);
  await session.get('get a missing key', 'test.golden.missing', 16);
  await session.get('get a missing key without a buffer', 'test.golden.missing', -1);
}

async function captureRefusals(session: Session): Promise<void> {
  const four = Buffer.from('01000000', 'hex');
  await session.set('set a read-only key', 'totem.cluster_name', string, Buffer.from('other'));
  await session.set('set a name that is too short', 'ab', uint32, four);
  await session.set('set a name of 255 characters', 'k'.repeat(255), uint32, four);
  await session.set('set with a wrong length', 'test.golden.uint32', uint32, four.subarray(0, 2));
  await session.set(
    'set a value that is too long',
    'test.golden.binary',
    binary,
    Buffer.alloc(LARGEST_VALUE + 1),
  );
  await session.delete('delete', 'k'.repeat(255));
  await session.delete('delete a missing key', 'test.golden.missing');
  await session.delete('delete a read-only key', 'totem.cluster_name');
  await session.adjust('increment', 'test.golden.uint32', 'inc');
  await session.adjust('decrement', 'test.golden.int8', 'dec');
  await session.adjust('increment a string', 'test.golden.string', 'inc');
  await session.adjust('increment a missing key', 'test.golden.missing', 'inc');
}

async function captureIteration(session: Session): Promise<void> {
  const handle = await session.iterInit('iter init', 'test.golden.uint');
  for (let step = 1; (await session.iterNext(`iter next ${step}`, handle)) === CS_OK; step++);
  await session.iterFinalize('iter finalize', handle);
  await session.iterNext('iter next after the end', handle);
  await session.iterFinalize('iter finalize twice', handle);
  await session.iterFinalize(
    'iter finalize of everything',
    await session.iterInit('iter init of everything', ''),
  );
}

async function captureTracking(session: Session): Promise<void> {
  const number = await session.trackAdd('track add', 'test.track', ALL);
  await session.set('notify: add', 'test.track', uint32, Buffer.from('01000000', 'hex'));
  await session.set('notify: modify', 'test.track', uint32, Buffer.from('02000000', 'hex'));
  await session.adjust('notify: increment', 'test.track', 'inc');
  await session.set('notify: modify, other type', 'test.track', string, Buffer.from('three'));
  await session.set('notify: modify, string', 'test.track', string, Buffer.from(''));
  await session.set('notify nothing: same value', 'test.track', string, Buffer.from(''));
  await session.delete('notify: delete', 'test.track');
  await session.trackDelete('track delete', number);

  const prefix = await session.trackAdd('track add, prefix', 'test.', ALL | CMAP_TRACK.prefix);
  await session.set('notify: add, binary', 'test.bytes', binary, Buffer.from('0001', 'hex'));
  await session.set(
    'notify: modify, binary, odd lengths',
    'test.bytes',
    binary,
    Buffer.from('000102', 'hex'),
  );
  await session.set('notify: modify, to the largest', 'test.bytes', binary, Buffer.alloc(LARGEST_VALUE, 'A'));
  await session.set(
    'notify: modify, largest to largest',
    'test.bytes',
    binary,
    Buffer.alloc(LARGEST_VALUE, 'B'),
  );
  await session.set('notify: modify, to nothing', 'test.bytes', binary, Buffer.alloc(0));
  await session.delete('notify: delete, binary', 'test.bytes');
  await session.trackDelete('track delete, prefix', prefix);
  await session.trackAdd('track add with an unknown bit', 'test.track', 16);
}

/** Requests that libcmap has no function for, or checks itself before it sends them. */
async function captureRaw(corosync: PrivateCorosync): Promise<void> {
  const peer = CmapPeer.start();
  await peer.rawConnect();
  const session = Session.of(corosync, peer);
  const send = async (
    name: string,
    request: MessageFields,
    response: (bytes: Buffer) => MessageFields,
  ): Promise<void> => {
    const bytes = build(request).toBytes();
    const { result } = await peer.raw(bytes);
    const chunks = session.chunks();
    add(name, `qb_ipcc_sendv_recv(${JSON.stringify(request)})`, `${result} bytes`, chunks, {
      request,
      response: response(chunks.response),
    });
  };
  const header =
    (id: number) =>
    (bytes: Buffer): MessageFields => ({ message: 'resHeaderOnly', id, error: bytes.readInt32LE(16) });
  const key = 'test.golden.int32';
  await send('adjust by 1000', { message: 'reqCmapAdjustInt', key, step: 1000 }, header(3));
  await send(
    'adjust by the smallest int32',
    { message: 'reqCmapAdjustInt', key, step: -(2 ** 31) },
    header(3),
  );
  await send(
    'track delete of an unknown handle',
    { message: 'reqCmapTrackDelete', trackHandle: '4711' },
    (bytes) => ({
      message: 'resCmapTrackDelete',
      error: bytes.readInt32LE(16),
      trackInstHandle: handleAt(bytes, 24),
    }),
  );
  await send('an unknown request', { message: 'reqHeaderOnly', id: 99 }, header(0));
  await peer.stop();
}

/** libcmap says which map it wants as the first thing after connecting. */
async function captureMap(name: string, corosync: PrivateCorosync, map: number): Promise<CmapPeer> {
  const peer = CmapPeer.start({ holdDisconnects: true });
  let result: number | undefined;
  const connecting = peer.connect(map).then(({ code }) => (result = code));
  await waitUntil('cmap_initialize_map is done or about to fail', () => result !== undefined || peer.held);
  const chunks = Session.of(corosync, peer).chunks();
  if (peer.held) peer.resumeDisconnect();
  const code = await connecting;
  add(name, `cmap_initialize_map(${map})`, `${code}`, chunks, {
    request: { message: 'reqCmapSetCurrentMap', map },
    response: { message: 'resHeaderOnly', id: 10, error: chunks.response.readInt32LE(16) },
  });
  return peer;
}

const unescape = (bytes: string): Buffer => Buffer.from(bytes.replaceAll('\\x', ''), 'hex');
const cString = (bytes: Buffer, offset: number): string =>
  bytes.toString('latin1', offset, bytes.indexOf(0, offset));

/** What strace saw of the first request and response on the socket. */
function handshakeIn(trace: string): Chunks {
  const request = /^sendto\(\d+, "([^"]+)", 24,/m.exec(trace)?.[1];
  const response = /^recvmsg\(.*iov_base="([^"]+)", iov_len=12328/m.exec(trace)?.[1];
  if (request === undefined || response === undefined)
    throw new Error(`no handshake in the trace:\n${trace}`);
  return { request: unescape(request), response: unescape(response), event: undefined };
}

async function captureHandshake(name: string, options: readonly string[] = []): Promise<void> {
  const trace = join(mkdtempSync('/run/trace-'), 'trace');
  const under = ['strace', '-o', trace, '-xx', '-s', '12328', '-e', 'trace=sendto,recvmsg', ...options];
  const peer = CmapPeer.start({ under });
  const { code, errno } = await peer.connect(0);
  await peer.stop();
  const chunks = handshakeIn(readFileSync(trace, 'utf8'));
  const { response } = chunks;
  add(name, 'cmap_initialize_map(0)', code === CS_OK ? `${code}` : `${code}, errno ${errno}`, chunks, {
    request: { message: 'connectionRequest', maxMessageSize: 1 << 20 },
    response: {
      message: 'connectionResponse',
      error: -errno,
      connectionType: response.readInt32LE(24),
      maxMessageSize: response.readInt32LE(28),
      connection: handleAt(response, 32),
      request: cString(response, 40),
      response: cString(response, 4136),
      event: cString(response, 8232),
    },
  });
}

async function captureSharedMemory(corosync: PrivateCorosync): Promise<void> {
  await captureHandshake('handshake');
  await captureHandshake('handshake, not allowed', ['-u', 'nobody']);
  const peer = await captureMap('set current map: icmap', corosync, 0);
  const session = Session.of(corosync, peer);
  session.skip();
  await captureValues(session);
  await captureRefusals(session);
  await captureIteration(session);
  await captureTracking(session);
  await peer.stop();
  await captureRaw(corosync);
}

async function captureStats(corosync: PrivateCorosync): Promise<void> {
  const peer = await captureMap('set current map: stats', corosync, 1);
  const session = Session.of(corosync, peer);
  session.skip();
  await session.get('get from the stats map', 'stats.ipcs.global.closed', 64);
  await session.delete('delete from the stats map', 'stats.ipcs.global.closed');
  await session.trackAdd(
    'track add, stats prefix with modify',
    'stats.',
    CMAP_TRACK.prefix | CMAP_TRACK.modify,
  );
  await peer.stop();
  await (await captureMap('set current map: there is no such map', corosync, 2)).stop();
}

async function capture(): Promise<GoldenFile> {
  const corosync = await PrivateCorosync.start();
  try {
    await captureSharedMemory(corosync);
    await captureStats(corosync);
  } finally {
    await corosync.stop();
  }
  const withSockets = await PrivateCorosync.start({ ipcType: 'socket' });
  try {
    await captureHandshake('handshake, datagram sockets');
  } finally {
    await withSockets.stop();
  }
  const version = execFileSync('corosync', ['-v'], { encoding: 'utf8' });
  return {
    how: HOW,
    corosync: /version '([^']+)'/.exec(version)?.[1] ?? version,
    libqb: execFileSync('pkg-config', ['--modversion', 'libqb'], { encoding: 'utf8' }).trim(),
    arch: arch(),
    exchanges,
  };
}

const golden = await capture();
const file = new URL('../test/golden/cmap-exchanges.json', import.meta.url);
writeFileSync(file, `${stringifyGolden(golden)}\n`);
console.log(`${golden.exchanges.length} exchanges captured`);
