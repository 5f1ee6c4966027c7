import fc from 'fast-check';
import { describe, it } from 'vitest';
import { decodeCfgEvent } from '../../src/codec/cfg/event.ts';
import { GetNodeAddrsRequest } from '../../src/codec/cfg/get-node-addrs.ts';
import { LocalGetRequest } from '../../src/codec/cfg/local-get.ts';
import { NodeStatusGetRequest } from '../../src/codec/cfg/node-status-get.ts';
import { RingStatusGetRequest } from '../../src/codec/cfg/ring-status-get.ts';
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
import { decodeConfchg } from '../../src/codec/cpg/confchg.ts';
import { decodeDelivery } from '../../src/codec/cpg/deliver.ts';
import { cpgEventKind, decodeEventGroup } from '../../src/codec/cpg/event.ts';
import { IterationInitializeRequest, IterationNextRequest } from '../../src/codec/cpg/iteration.ts';
import { LocalGetRequest as CpgLocalGetRequest } from '../../src/codec/cpg/local-get.ts';
import { MembershipGetRequest } from '../../src/codec/cpg/membership-get.ts';
import { copyFragment, decodePartialDelivery } from '../../src/codec/cpg/partial-deliver.ts';
import { decodeTotemConfchg } from '../../src/codec/cpg/totem-confchg.ts';
import { decodeResponseHeader } from '../../src/codec/header.ts';
import type { MessageReader } from '../../src/codec/message-reader.ts';
import type { RequestMessage } from '../../src/codec/message.ts';
import { decodeQuorumEvent } from '../../src/codec/quorum/event.ts';
import { GetQuorateRequest } from '../../src/codec/quorum/get-quorate.ts';
import { GetTypeRequest, ModelGetTypeRequest } from '../../src/codec/quorum/get-type.ts';
import { decodeVotequorumEvent } from '../../src/codec/votequorum/event.ts';
import { GetInfoRequest } from '../../src/codec/votequorum/get-info.ts';
import { QdeviceGetExtraInfoRequest } from '../../src/codec/votequorum/qdevice-extra-info.ts';
import { CsError } from '../../src/errors/index.ts';
import { goldenMessages, type GoldenMessage } from '../golden/golden-file.ts';
import { serviceMessages } from '../golden/service-goldens.ts';
import { readerAmongDirt } from '../helpers/memory/memory-stage.ts';

type Decoder = readonly [name: string, decode: (bytes: Buffer) => unknown];

const among = (name: string, decode: (reader: MessageReader) => unknown): Decoder => [
  name,
  (bytes) => decode(readerAmongDirt(bytes)),
];
const answerTo = (request: RequestMessage<unknown>): Decoder =>
  among(`answer to ${request.operation}`, (reader) => request.decode(reader, 1));

/** Whatever a service's connection decodes, with real messages to begin from. */
interface Subject {
  readonly service: string;
  readonly decoders: readonly Decoder[];
  readonly goldens: readonly GoldenMessage[];
}

const CMAP: Subject = {
  service: 'cmap',
  goldens: goldenMessages(),
  decoders: [
    ['connection response', decodeConnectionResponse],
    among('response header', decodeResponseHeader),
    among('notification', decodeNotification),
    among('track inst handle', decodeTrackInstHandle),
    ...[
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
    ].map(answerTo),
    ...Array.from({ length: 14 }, (_, code) =>
      among(`value of type ${code}`, (reader) => decodeValue(reader, 0, code, Math.min(reader.length, 9))),
    ),
  ],
};

const QUORUM: Subject = {
  service: 'quorum',
  goldens: serviceMessages('quorum'),
  decoders: [
    among('event', decodeQuorumEvent),
    ...[new GetQuorateRequest(), new GetTypeRequest(), new ModelGetTypeRequest('v1')].map(answerTo),
  ],
};

const VOTEQUORUM: Subject = {
  service: 'votequorum',
  goldens: serviceMessages('votequorum'),
  decoders: [
    among('event', decodeVotequorumEvent),
    ...[new GetInfoRequest(1), new QdeviceGetExtraInfoRequest(1)].map(answerTo),
  ],
};

const CFG: Subject = {
  service: 'cfg',
  goldens: serviceMessages('cfg'),
  decoders: [
    among('event', decodeCfgEvent),
    ...[
      new RingStatusGetRequest(),
      new NodeStatusGetRequest(1),
      new GetNodeAddrsRequest(1),
      new LocalGetRequest(),
    ].map(answerTo),
  ],
};

const CPG: Subject = {
  service: 'cpg',
  goldens: serviceMessages('cpg'),
  decoders: [
    among('event kind', cpgEventKind),
    among('event group', decodeEventGroup),
    among('delivery', decodeDelivery),
    among('fragment', (event) => {
      const { fragmentLength } = decodePartialDelivery(event);
      copyFragment(event, new Uint8Array(fragmentLength), 0);
    }),
    among('confchg', decodeConfchg),
    among('totem confchg', decodeTotemConfchg),
    ...[
      new MembershipGetRequest('g'),
      new IterationInitializeRequest({ type: 'names' }),
      new IterationNextRequest(1n),
      new CpgLocalGetRequest(),
    ].map(answerTo),
  ],
};

/** The one rule of decoding: a value, or our own error that says so. */
function decodesOrRefuses(decode: (bytes: Buffer) => unknown, bytes: Buffer): void {
  try {
    decode(bytes);
  } catch (error) {
    if (!(error instanceof CsError) || error.code !== 'CS_ERR_SECURITY') throw error;
  }
}

/** The shortest of each kind, to be cut off at every byte. */
function shortestOfEach(goldens: readonly GoldenMessage[]): Buffer[] {
  const shortest = new Map<string, Buffer>();
  for (const { fields, bytes } of goldens) {
    const earlier = shortest.get(fields.message);
    if (bytes.length < (earlier?.length ?? 400)) shortest.set(fields.message, bytes);
  }
  return [...shortest.values()];
}

/** A real message, cut off, with some bytes overwritten: gets past the first checks more often than noise does. */
function damaged(goldens: readonly GoldenMessage[]): fc.Arbitrary<Buffer> {
  const messages = goldens.map(({ bytes }) => bytes).filter(({ length }) => length < 13_000);
  return fc
    .tuple(
      fc.constantFrom(...messages),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 6 }),
      fc.boolean(),
    )
    .map(([bytes, part, changes, whole]) => {
      const copy = Buffer.from(whole ? bytes : bytes.subarray(0, Math.floor(part * bytes.length)));
      for (const [at, byte] of changes) if (copy.length > 0) copy[at % Math.min(copy.length, 344)] = byte;
      return copy;
    });
}
const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

describe.each([CMAP, QUORUM, VOTEQUORUM, CFG, CPG])(
  'decoders of $service give a value or CS_ERR_SECURITY',
  (subject) => {
    it('for noise and damaged messages', () => {
      fc.assert(
        fc.property(fc.oneof(noise, damaged(subject.goldens)), (bytes) => {
          for (const [, decode] of subject.decoders) decodesOrRefuses(decode, bytes);
        }),
        { numRuns: 3000 },
      );
    });

    it.each(subject.decoders)('for every truncation of every kind of message: %s', (_name, decode) => {
      for (const bytes of shortestOfEach(subject.goldens)) {
        for (let length = 0; length < bytes.length; length++)
          decodesOrRefuses(decode, bytes.subarray(0, length));
      }
    });
  },
);

describe('a connection response', () => {
  it('with any byte of its head damaged gives a value or CS_ERR_SECURITY', () => {
    const response = CMAP.goldens.find(({ bytes }) => bytes.length === 12_328)?.bytes;
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
