import { describe, expect, it } from 'vitest';
import type { RequestMessage } from '../../../src/codec/message.ts';
import { GetQuorateRequest } from '../../../src/codec/quorum/get-quorate.ts';
import { GetTypeRequest, ModelGetTypeRequest } from '../../../src/codec/quorum/get-type.ts';
import { TrackStartRequest, TrackStopRequest } from '../../../src/codec/quorum/track.ts';
import type { TrackMode } from '../../../src/codec/track-flags.ts';
import { encodeAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { resHeaderOnly, type MessageFields } from '../../helpers/wire/message-builder.ts';
import { resQuorumGetquorate, resQuorumModelGettype } from '../../helpers/wire/quorum-messages.ts';
import { answered, describeCalls, malformed } from '../service-suite.ts';

const MODES: Readonly<Record<number, TrackMode>> = { 1: 'current', 2: 'changes', 4: 'changes-only' };
const WITHOUT_FIELDS: Readonly<Record<number, () => RequestMessage<unknown>>> = {
  0: () => new GetQuorateRequest(),
  2: () => new TrackStopRequest(),
  3: () => new GetTypeRequest(),
};

function requestFor(fields: MessageFields): RequestMessage<unknown> {
  const make = fields.message === 'reqHeaderOnly' ? WITHOUT_FIELDS[fields.id] : undefined;
  if (make !== undefined) return make();
  if (fields.message === 'reqQuorumTrackstart')
    return new TrackStartRequest(MODES[fields.flags] ?? 'changes');
  if (fields.message === 'reqQuorumModelGettype') return new ModelGetTypeRequest('v1');
  throw new Error(`${JSON.stringify(fields)} is no request of quorum`);
}

function expectedAnswer(fields: MessageFields): unknown {
  switch (fields.message) {
    case 'resHeaderOnly':
      return undefined;
    case 'resQuorumGetquorate':
      return fields.quorate === 1;
    case 'resQuorumGettype':
    case 'resQuorumModelGettype':
      return fields.quorumType === 1 ? 'set' : 'free';
    default:
      throw new Error(`${fields.message} is no answer of quorum`);
  }
}

describeCalls({
  service: 'quorum',
  requestFor,
  expectedAnswer,
  notOurs: {
    'track, nothing': 'corosync does nothing then, and there is no mode for it',
    'an unknown model': 'there is no such model',
    'an unknown request': 'there is no such request',
  },
  operations: [
    'quorum_getquorate',
    'quorum_initialize',
    'quorum_model_initialize',
    'quorum_trackstart',
    'quorum_trackstop',
  ],
  changing: [],
});

describe('requests of quorum', () => {
  // From the offsets of the C structs, not from the builder.
  it.each([
    [new GetQuorateRequest(), 16, [0]],
    [new TrackStartRequest('current'), 24, [1, 1]],
    [new TrackStartRequest('changes'), 24, [1, 2]],
    [new TrackStartRequest('changes-only'), 24, [1, 4]],
    [new TrackStopRequest(), 16, [2]],
    [new GetTypeRequest(), 16, [3]],
    [new ModelGetTypeRequest('v0'), 24, [4, 0]],
    [new ModelGetTypeRequest('v1'), 24, [4, 1]],
  ] as const)('%o has %d bytes: id at 0, size at 8, its field at 16', (request, size, [id, field]) => {
    const bytes = encodeAmongDirt(request);
    expect([bytes.length, bytes.readInt32LE(0), bytes.readInt32LE(8)]).toEqual([size, id, size]);
    if (field !== undefined) expect(bytes.readUInt32LE(16)).toBe(field);
  });
});

describe('answers of quorum', () => {
  it('keep a type that corosync does not define', () => {
    const bytes = resQuorumModelGettype({ error: 1, quorumType: 2 }).toBytes();
    expect(answered(new ModelGetTypeRequest('v1'), bytes)).toEqual({ error: 1, value: 2 });
  });

  it('of a corosync that does not know models: undefined, so that v0 can be had', () => {
    const bytes = resHeaderOnly({ id: 0, error: 7 }).toBytes();
    expect(answered(new ModelGetTypeRequest('v1'), bytes)).toEqual({ error: 7, value: undefined });
  });

  it('do not guess whether the cluster is quorate', () => {
    for (const quorate of [2, 256, 0xffff_ffff]) {
      const bytes = resQuorumGetquorate({ error: 1, quorate }).toBytes();
      expect(() => answered(new GetQuorateRequest(), bytes)).toThrow(malformed);
    }
  });
});
