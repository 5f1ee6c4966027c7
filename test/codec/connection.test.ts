import { describe, expect, it } from 'vitest';
import { decodeConnectionResponse, encodeConnectionRequest } from '../../src/codec/connection.ts';
import { readGoldenFile } from '../golden/golden-file.ts';
import {
  connectionRequest,
  connectionResponse,
  type ConnectionResponse,
} from '../helpers/wire/message-builder.ts';

const handshakes = readGoldenFile().exchanges.flatMap((exchange) =>
  exchange.requestFields.message === 'connectionRequest' &&
  exchange.responseFields.message === 'connectionResponse'
    ? [{ ...exchange, requestFields: exchange.requestFields, responseFields: exchange.responseFields }]
    : [],
);

const SAMPLE: ConnectionResponse = {
  error: 0,
  connectionType: 1,
  maxMessageSize: 1_048_576,
  connection: '94789438850784',
  request: '/dev/shm/qb-1-2-3-abcdef/qb-request-cmap',
  response: '/dev/shm/qb-1-2-3-abcdef/qb-response-cmap',
  event: '/dev/shm/qb-1-2-3-abcdef/qb-event-cmap',
};
const bytesOf = (fields: Partial<ConnectionResponse>): Buffer =>
  connectionResponse({ ...SAMPLE, ...fields }).toBytes();
const malformed: unknown = expect.objectContaining({ code: 'CS_ERR_SECURITY' });

describe('connection request', () => {
  it.each(handshakes)('$name: as libcmap sends it', ({ requestFields, request }) => {
    expect(encodeConnectionRequest(requestFields.maxMessageSize).toString('hex')).toBe(request);
  });

  it.each([0, 65_536, 2 ** 31, 2 ** 32 - 1])('for a buffer of %d bytes', (size) => {
    const expected = connectionRequest({ maxMessageSize: size | 0 }).toBytes();
    expect(encodeConnectionRequest(size)).toEqual(expected);
  });
});

describe('connection response', () => {
  it('goldens are there: allowed, not allowed, other transport', () => {
    expect(handshakes.length).toBeGreaterThanOrEqual(3);
  });

  it.each(handshakes)('$name: decoded', ({ responseFields, response }) => {
    const { error, connectionType, maxMessageSize, request, response: answer, event } = responseFields;
    expect(decodeConnectionResponse(Buffer.from(response, 'hex'))).toEqual({
      error,
      transport: connectionType === 1 ? 'shared-memory' : 'socket',
      maxMessageSize,
      request,
      response: answer,
      event,
    });
  });

  it('reads sizes without a sign', () => {
    expect(decodeConnectionResponse(bytesOf({ maxMessageSize: -1 })).maxMessageSize).toBe(2 ** 32 - 1);
  });

  it.each([0, 1, 12_327, 12_329, 20_000])('of %d bytes is refused', (length) => {
    const bytes = Buffer.concat([bytesOf({}), Buffer.alloc(10_000)]).subarray(0, length);
    expect(() => decodeConnectionResponse(bytes)).toThrow(malformed);
  });

  it('with another id is refused', () => {
    for (const id of [0, 1, -2, -3]) {
      const bytes = bytesOf({});
      bytes.writeInt32LE(id, 0);
      expect(() => decodeConnectionResponse(bytes)).toThrow(malformed);
    }
  });

  it.each([1, 11, 2 ** 31 - 1])('with the positive error %d is refused', (error) => {
    expect(() => decodeConnectionResponse(bytesOf({ error }))).toThrow(malformed);
  });

  it.each([2, -1, 256])('of the unknown connection type %d is refused', (connectionType) => {
    expect(() => decodeConnectionResponse(bytesOf({ connectionType }))).toThrow(malformed);
  });

  it('may leave the connection type unset when it refuses', () => {
    expect(decodeConnectionResponse(bytesOf({ error: -11, connectionType: 99 })).error).toBe(-11);
  });

  it.each(['request', 'response', 'event'])('whose %s path is not terminated is refused', (channel) => {
    const bytes = bytesOf({ [channel]: 'x'.repeat(4096) });
    expect(() => decodeConnectionResponse(bytes)).toThrow(malformed);
  });

  it('may have paths of up to 4095 bytes', () => {
    expect(decodeConnectionResponse(bytesOf({ event: 'x'.repeat(4095) })).event).toHaveLength(4095);
  });
});
