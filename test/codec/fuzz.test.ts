import fc from 'fast-check';
import { describe, it } from 'vitest';
import { AdjustIntRequest } from '../../src/codec/cmap/adjust-int.ts';
import { DeleteRequest } from '../../src/codec/cmap/delete.ts';
import { GetRequest } from '../../src/codec/cmap/get.ts';
import { IterFinalizeRequest, IterInitRequest, IterNextRequest } from '../../src/codec/cmap/iterate.ts';
import { decodeNotification, decodeTrackInstHandle } from '../../src/codec/cmap/notification.ts';
import { SetCurrentMapRequest } from '../../src/codec/cmap/set-current-map.ts';
import { SetRequest } from '../../src/codec/cmap/set.ts';
import { TrackAddRequest, TrackDeleteRequest } from '../../src/codec/cmap/track.ts';
import { decodeValue } from '../../src/codec/cmap/value.ts';
import { decodeConnectionResponse } from '../../src/codec/connection.ts';
import { decodeResponseHeader } from '../../src/codec/header.ts';
import type { MessageReader } from '../../src/codec/message-reader.ts';
import { CsError } from '../../src/errors/index.ts';
import { goldenMessages } from '../golden/golden-file.ts';
import { readerAmongDirt } from '../helpers/memory/memory-stage.ts';

const requests = [
  new SetRequest('a.b', { type: 'int8', value: 1 }),
  new DeleteRequest('a.b'),
  new GetRequest('a.b', 256),
  new GetRequest('a.b', 16_385),
  new AdjustIntRequest('cmap_inc', 'a.b', 1),
  new IterInitRequest('a'),
  new IterNextRequest(1n, ''),
  new IterFinalizeRequest(1n, ''),
  new TrackAddRequest('a.b', 7, 1n),
  new TrackDeleteRequest('a.b', 1n),
  new SetCurrentMapRequest('icmap'),
];

const decoders: readonly (readonly [string, (bytes: Buffer) => unknown])[] = [
  ['connection response', decodeConnectionResponse],
  ...(
    [
      ['response header', decodeResponseHeader],
      ['notification', decodeNotification],
      ['track inst handle', decodeTrackInstHandle],
      ...requests.map(
        (request) =>
          [`answer to ${request.operation}`, (reader: MessageReader) => request.decode(reader, 1)] as const,
      ),
      ...Array.from(
        { length: 14 },
        (_, code) =>
          [
            `value of type ${code}`,
            (reader: MessageReader) => decodeValue(reader, 0, code, Math.min(reader.length, 9)),
          ] as const,
      ),
    ] as const
  ).map(([name, decode]) => [name, (bytes: Buffer) => decode(readerAmongDirt(bytes))] as const),
];

/** The one rule of decoding: a value, or our own error that says so. */
function decodesOrRefuses(decode: (bytes: Buffer) => unknown, bytes: Buffer): void {
  try {
    decode(bytes);
  } catch (error) {
    if (!(error instanceof CsError) || error.code !== 'CS_ERR_MESSAGE_ERROR') throw error;
  }
}

const goldens = goldenMessages().map(({ bytes }) => bytes);
/** The shortest of each kind, to be cut off at every byte. */
const shortest = new Map<string, Buffer>();
for (const { fields, bytes } of goldenMessages()) {
  const earlier = shortest.get(fields.message);
  if (bytes.length < (earlier?.length ?? 400)) shortest.set(fields.message, bytes);
}
const golden = fc.constantFrom(...goldens.filter((bytes) => bytes.length < 13_000));

/** A real message, cut off, with some bytes overwritten: gets past the first checks more often than noise does. */
const damaged = fc
  .tuple(
    golden,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([bytes, part, changes, whole]) => {
    const copy = Buffer.from(whole ? bytes : bytes.subarray(0, Math.floor(part * bytes.length)));
    for (const [at, byte] of changes) if (copy.length > 0) copy[at % Math.min(copy.length, 344)] = byte;
    return copy;
  });
const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

describe('decoders give a value or CS_ERR_MESSAGE_ERROR', () => {
  it('for noise and damaged messages', () => {
    fc.assert(
      fc.property(fc.oneof(noise, damaged), (bytes) => {
        for (const [, decode] of decoders) decodesOrRefuses(decode, bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(decoders)('for every truncation of every kind of message: %s', (_name, decode) => {
    for (const bytes of shortest.values()) {
      for (let length = 0; length < bytes.length; length++)
        decodesOrRefuses(decode, bytes.subarray(0, length));
    }
  });

  it('for a connection response with any byte of its head damaged', () => {
    const response = goldens.find(({ length }) => length === 12_328);
    if (response === undefined) throw new Error('the golden handshake is missing');
    for (let at = 0; at < 48; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const copy = Buffer.from(response);
        copy[at] = byte;
        decodesOrRefuses(decodeConnectionResponse, copy);
      }
    }
  });
});
