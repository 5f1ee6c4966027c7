import { describe, expect, it } from 'vitest';
import { AdjustIntRequest } from '../../../src/codec/cmap/adjust-int.ts';
import { DeleteRequest } from '../../../src/codec/cmap/delete.ts';
import { GetRequest, MIN_ROOM } from '../../../src/codec/cmap/get.ts';
import { IterFinalizeRequest, IterInitRequest, IterNextRequest } from '../../../src/codec/cmap/iterate.ts';
import { SetCurrentMapRequest } from '../../../src/codec/cmap/set-current-map.ts';
import { SetRequest } from '../../../src/codec/cmap/set.ts';
import { TrackAddRequest, TrackDeleteRequest } from '../../../src/codec/cmap/track.ts';
import {
  decodeValue,
  MAX_STORED_LENGTH,
  MAX_VALUE_LENGTH,
  type CmapValue,
} from '../../../src/codec/cmap/value.ts';
import { decodeResponseHeader } from '../../../src/codec/header.ts';
import type { RequestMessage } from '../../../src/codec/message.ts';
import { readGoldenFile, type Exchange } from '../../golden/golden-file.ts';
import { encodeAmongDirt, readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { build, type MessageFields } from '../../helpers/wire/message-builder.ts';

/** Exchanges that this client never has, and why. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'set with a wrong length': 'a length is never given apart from the value',
  'set a value that is too long': 'refused before it is encoded',
  'an unknown request': 'there is no such request',
  'set current map: there is no such map': 'refused before it is encoded',
  'get length and type': 'no request asks for less room than MIN_ROOM, so no answer says only a length',
};

const exchanges = readGoldenFile().exchanges.filter(
  ({ name, requestFields }) => !(name in NOT_OURS) && requestFields.message !== 'connectionRequest',
);

function valueOf({ type, value }: { type: number; value: string }): Exclude<CmapValue, { type: 'unknown' }> {
  const bytes = Buffer.from(value, 'hex');
  const decoded = decodeValue(readerAmongDirt(bytes), 0, type, bytes.length);
  if (decoded.type === 'unknown') throw new Error('the golden file has a type that cannot be set');
  return decoded;
}

/** Our request for the call that the golden file describes. */
function requestFor(fields: MessageFields): RequestMessage<unknown> {
  switch (fields.message) {
    case 'reqCmapSet':
      return new SetRequest(fields.key, valueOf(fields));
    case 'reqCmapDelete':
      return new DeleteRequest(fields.key);
    case 'reqCmapGet':
      return new GetRequest(fields.key, fields.valueLength);
    case 'reqCmapAdjustInt':
      return new AdjustIntRequest('cmap_adjust_int', fields.key, fields.step);
    case 'reqCmapIterInit':
      return new IterInitRequest(fields.prefix);
    case 'reqCmapIterNext':
      return new IterNextRequest(BigInt(fields.iterHandle), '');
    case 'reqCmapIterFinalize':
      return new IterFinalizeRequest(BigInt(fields.iterHandle), '');
    case 'reqCmapTrackAdd':
      return new TrackAddRequest(fields.key, fields.trackType, BigInt(fields.trackInstHandle));
    case 'reqCmapTrackDelete':
      return new TrackDeleteRequest('test.track', BigInt(fields.trackHandle));
    case 'reqCmapSetCurrentMap':
      return new SetCurrentMapRequest(fields.map === 0 ? 'icmap' : 'stats');
    default:
      throw new Error(`${fields.message} is no request of cmap`);
  }
}

/** The fields that we send where libcmap's caller chose a room that we never ask for. */
function ourFields(fields: MessageFields): MessageFields {
  if (fields.message !== 'reqCmapGet') return fields;
  return { ...fields, valueLength: Math.max(fields.valueLength, MIN_ROOM) };
}

describe('requests', () => {
  it('of every kind are among the golden exchanges', () => {
    const operations = new Set(exchanges.map(({ requestFields }) => requestFor(requestFields).operation));
    expect([...operations].sort()).toEqual([
      'cmap_adjust_int',
      'cmap_delete',
      'cmap_get',
      'cmap_initialize_map',
      'cmap_iter_finalize',
      'cmap_iter_init',
      'cmap_iter_next',
      'cmap_set',
      'cmap_track_add',
      'cmap_track_delete',
    ]);
  });

  it.each(exchanges)('$name: as the independent builder makes it', ({ requestFields }) => {
    const request = requestFor(requestFields);
    const bytes = encodeAmongDirt(request);
    expect(bytes.toString('hex')).toBe(build(ourFields(requestFields)).hex());
  });

  const asLibcmap = exchanges.filter(
    ({ requestFields }) => requestFields.message !== 'reqCmapGet' || requestFields.valueLength >= MIN_ROOM,
  );
  it.each(asLibcmap)('$name: as libcmap sends it', ({ requestFields, request }) => {
    expect(encodeAmongDirt(requestFor(requestFields)).toString('hex')).toBe(request);
  });

  it('say of themselves what takes turns with what, and what may have had an effect', () => {
    const [name, handle] = ['test.key', 7n];
    const requests = [
      new SetRequest(name, { type: 'uint8', value: 1 }),
      new DeleteRequest(name),
      new AdjustIntRequest('cmap_inc', name, 1),
      new GetRequest(name, 8),
      new IterInitRequest(name),
      new IterNextRequest(handle, ''),
      new IterFinalizeRequest(handle, ''),
      new TrackAddRequest(name, 1, handle),
      new TrackDeleteRequest(name, handle),
    ] as readonly RequestMessage<unknown>[];
    const said = (what: (request: RequestMessage<unknown>) => boolean): string[] =>
      requests.filter(what).map(({ operation }) => operation);
    expect(said(({ changes }) => changes === true)).toEqual(['cmap_set', 'cmap_delete', 'cmap_inc']);
    const changes = ['cmap_set', 'cmap_delete', 'cmap_inc', 'cmap_track_add'];
    expect(said(({ turn }) => turn === 'change')).toEqual(changes);
    expect(said(({ turn }) => turn === 'list')).toEqual(['cmap_iter_next', 'cmap_iter_finalize']);
    // corosync's iterator points into the request ring until then.
    expect(said(({ readUntilFollowUp }) => readUntilFollowUp === true)).toEqual(['cmap_iter_init']);
  });

  it('state no less than the size of the answer that came', () => {
    for (const { requestFields, response } of exchanges) {
      expect(requestFor(requestFields).maxResponseSize).toBeGreaterThanOrEqual(response.length / 2);
    }
  });
});

/** The values that test/c/cmap-peer.c was told to set, in JavaScript's terms. */
const VALUES: Readonly<Record<string, CmapValue>> = {
  'get int8': { type: 'int8', value: -5 },
  'get uint8': { type: 'uint8', value: 200 },
  'get int16': { type: 'int16', value: -12345 },
  'get uint16': { type: 'uint16', value: 54321 },
  'get int32': { type: 'int32', value: -1234567890 },
  'get uint32': { type: 'uint32', value: 4_000_000_000 },
  'get int64': { type: 'int64', value: -1234567890123456789n },
  'get uint64': { type: 'uint64', value: 0xfedcba9876543210n },
  'get float': { type: 'float', value: Math.fround(-0.1) },
  'get double': { type: 'double', value: 3.141592653589793 },
  'get string': { type: 'string', value: 'Zürich' },
  'get empty-string': { type: 'string', value: '' },
  'get binary': { type: 'binary', value: Uint8Array.of(0, 0xff, 0x10, 0) },
  'get empty-binary': { type: 'binary', value: new Uint8Array() },
  'get largest': {
    type: 'binary',
    value: new Uint8Array(Buffer.alloc(MAX_VALUE_LENGTH, '0123456789abcdef')),
  },
  'get largest-string': { type: 'string', value: 'abcdefghijklm'.repeat(1261).slice(0, MAX_VALUE_LENGTH) },
  'get into a larger buffer': { type: 'uint32', value: 4_000_000_000 },
};

/** Decodes as the pipeline does: header first; `decode` only for answers it wants to see. */
function decodeAnswer({ requestFields, response }: Exchange): { error: number; value?: unknown } {
  const request = requestFor(requestFields);
  const reader = readerAmongDirt(Buffer.from(response, 'hex'));
  const { id, error } = decodeResponseHeader(reader);
  expect(id).toBe(request.responseId);
  if (error !== 1 && request.expectedErrors?.includes(error) !== true) return { error };
  return { error, value: request.decode(reader, error) };
}

function expectedAnswer({ name, requestFields, responseFields: answer }: Exchange): unknown {
  switch (answer.message) {
    case 'resHeaderOnly':
      return undefined;
    case 'resCmapGet':
      return answer.error === 1 ? VALUES[name] : undefined;
    case 'resCmapIterInit':
      return BigInt(answer.iterHandle);
    case 'resCmapIterNext':
      return answer.error === 1
        ? { key: answer.key, type: answer.key.slice('test.golden.'.length), valueLength: answer.valueLength }
        : undefined;
    case 'resCmapTrackAdd':
      return BigInt(answer.trackHandle);
    case 'resCmapTrackDelete':
      return BigInt(answer.trackInstHandle);
    default:
      throw new Error(`${answer.message} answers no ${requestFields.message}`);
  }
}

describe('responses', () => {
  const fixed = exchanges.filter(({ name }) => name !== 'get from the stats map');

  it.each(fixed)('$name: decoded', (exchange) => {
    const { responseFields } = exchange;
    const { error, value } = decodeAnswer(exchange);
    expect(error).toBe('error' in responseFields ? responseFields.error : 1);
    if (error === 1) expect(value).toEqual(expectedAnswer(exchange));
    else expect(value).toBeUndefined();
  });

  it('have a golden for the value of every type', () => {
    const names = new Set(exchanges.map(({ name }) => name));
    expect(Object.keys(VALUES).filter((name) => !names.has(name))).toEqual([]);
  });

  it('of the stats map decode as well', () => {
    const exchange = exchanges.find(({ name }) => name === 'get from the stats map');
    if (exchange?.responseFields.message !== 'resCmapGet') throw new Error('the golden exchange is missing');
    const value = Buffer.from(exchange.responseFields.value, 'hex').readBigUInt64LE(0);
    expect(decodeAnswer(exchange)).toEqual({ error: 1, value: { type: 'uint64', value } });
  });

  it('with padding that corosync has not cleared are decoded all the same', () => {
    const dirty = exchanges.filter(({ dirtyPadding }) => (dirtyPadding?.response.length ?? 0) > 0);
    expect(dirty.length).toBeGreaterThan(0);
    for (const exchange of dirty) expect(decodeAnswer(exchange).error).toBeGreaterThan(0);
  });

  it('of 24 bytes are enough for a request that has no result', () => {
    expect(new GetRequest('a.b', MAX_STORED_LENGTH).maxResponseSize).toBe(40 + 16_385);
    expect(new DeleteRequest('a.b').maxResponseSize).toBe(24);
  });
});
