import { describe, expect, it } from 'vitest';
import type { RequestMessage } from '../../../src/codec/message.ts';
import type { RingId } from '../../../src/codec/ring-id.ts';
import type { TrackMode } from '../../../src/codec/track-flags.ts';
import { GetInfoRequest, type VotequorumFlag } from '../../../src/codec/votequorum/get-info.ts';
import {
  QdeviceGetExtraInfoRequest,
  QdeviceSetExtraInfoRequest,
} from '../../../src/codec/votequorum/qdevice-extra-info.ts';
import { QdeviceMasterWinsRequest } from '../../../src/codec/votequorum/qdevice-master-wins.ts';
import { QdevicePollRequest } from '../../../src/codec/votequorum/qdevice-poll.ts';
import {
  QdeviceRegisterRequest,
  QdeviceUnregisterRequest,
} from '../../../src/codec/votequorum/qdevice-register.ts';
import { QdeviceUpdateRequest } from '../../../src/codec/votequorum/qdevice-update.ts';
import { SetExpectedRequest } from '../../../src/codec/votequorum/set-expected.ts';
import { SetVotesRequest } from '../../../src/codec/votequorum/set-votes.ts';
import { TrackStartRequest, TrackStopRequest } from '../../../src/codec/votequorum/track.ts';
import { encodeAmongDirt } from '../../helpers/memory/memory-stage.ts';
import type { RingIdFields } from '../../helpers/wire/lists.ts';
import type { MessageFields } from '../../helpers/wire/message-builder.ts';
import {
  reqVotequorumGetExtraInfo,
  reqVotequorumSetExtraInfo,
  resVotequorumGetExtraInfo,
  resVotequorumGetinfo,
} from '../../helpers/wire/votequorum-messages.ts';
import { answered, describeCalls, malformed, unencodable } from '../service-suite.ts';

const MODES: Readonly<Record<number, TrackMode>> = { 1: 'current', 2: 'changes', 4: 'changes-only' };
const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex');
const ringIdOf = ({ nodeId, seq }: RingIdFields): RingId => ({ nodeId, seq: BigInt(seq) });

function requestFor(fields: MessageFields): RequestMessage<unknown> {
  switch (fields.message) {
    case 'reqVotequorumGetinfo':
      return new GetInfoRequest(fields.nodeId);
    case 'reqVotequorumSetexpected':
      return new SetExpectedRequest(fields.votes);
    case 'reqVotequorumSetvotes':
      return new SetVotesRequest(fields.nodeId, fields.votes);
    case 'reqVotequorumTrackstart':
      return new TrackStartRequest(BigInt(fields.context), MODES[fields.flags] ?? 'changes');
    case 'reqHeaderOnly':
      return new TrackStopRequest();
    case 'reqVotequorumQdeviceRegister':
      return new QdeviceRegisterRequest(fromHex(fields.name));
    case 'reqVotequorumQdeviceUnregister':
      return new QdeviceUnregisterRequest(fromHex(fields.name).toString());
    case 'reqVotequorumQdeviceUpdate':
      return new QdeviceUpdateRequest(fromHex(fields.oldName), fromHex(fields.newName).toString());
    case 'reqVotequorumQdevicePoll':
      return new QdevicePollRequest(fromHex(fields.name), fields.castVote === 1, ringIdOf(fields.ringId));
    case 'reqVotequorumQdeviceMasterWins':
      return new QdeviceMasterWinsRequest(fromHex(fields.name), fields.allow === 1);
    case 'reqVotequorumSetExtraInfo':
      return new QdeviceSetExtraInfoRequest(fromHex(fields.info));
    case 'reqVotequorumGetExtraInfo':
      return new QdeviceGetExtraInfoRequest(fields.nodeId);
    default:
      throw new Error(`${fields.message} is no request of votequorum`);
  }
}

/** Every sum of flags in the golden exchanges, by name. */
const FLAGS: Readonly<Record<number, readonly VotequorumFlag[]>> = {
  0: [],
  2: ['quorate'],
  66: ['quorate', 'qdevice-registered'],
  194: ['quorate', 'qdevice-registered', 'qdevice-alive'],
  450: ['quorate', 'qdevice-registered', 'qdevice-alive', 'qdevice-cast-vote'],
  962: ['quorate', 'qdevice-registered', 'qdevice-alive', 'qdevice-cast-vote', 'qdevice-master-wins'],
};

function expectedAnswer(fields: MessageFields): unknown {
  if (fields.message === 'resHeaderOnly') return undefined;
  if (fields.message !== 'resVotequorumGetinfo')
    throw new Error(`${fields.message} is no answer of votequorum`);
  return {
    nodeId: fields.nodeId,
    state: fields.state === 2 ? 'dead' : 'member',
    votes: fields.votes,
    expectedVotes: fields.expectedVotes,
    highestExpected: fields.highestExpected,
    totalVotes: fields.totalVotes,
    quorum: fields.quorum,
    flags: FLAGS[fields.flags],
    flagBits: fields.flags,
    qdeviceVotes: fields.qdeviceVotes,
    qdeviceName: fromHex(fields.qdeviceName).toString(),
  };
}

describeCalls({
  service: 'votequorum',
  requestFor,
  expectedAnswer,
  notOurs: {},
  operations: [
    'votequorum_getinfo',
    'votequorum_get_qdevice_extra_info',
    'votequorum_qdevice_master_wins',
    'votequorum_qdevice_poll',
    'votequorum_qdevice_register',
    'votequorum_qdevice_unregister',
    'votequorum_qdevice_update',
    'votequorum_set_qdevice_extra_info',
    'votequorum_setexpected',
    'votequorum_setvotes',
    'votequorum_trackstart',
    'votequorum_trackstop',
  ],
  changing: [
    'votequorum_qdevice_master_wins',
    'votequorum_qdevice_poll',
    'votequorum_qdevice_register',
    'votequorum_qdevice_unregister',
    'votequorum_qdevice_update',
    'votequorum_set_qdevice_extra_info',
    'votequorum_setexpected',
    'votequorum_setvotes',
  ],
});

const name = 'd'.repeat(254);
const ringId = { nodeId: 0xffff_ffff, seq: 2n ** 64n - 1n };

describe('requests of votequorum', () => {
  it('name in their errors what they are about', () => {
    const ofNodes = [new GetInfoRequest(7), new SetVotesRequest(7, 1), new QdeviceGetExtraInfoRequest(7)];
    for (const { key } of ofNodes) expect(key).toBe('node 7');
    for (const device of ['dé', Buffer.from('dé')]) {
      const ofDevices = [
        new QdeviceRegisterRequest(device),
        new QdeviceUnregisterRequest(device),
        new QdeviceUpdateRequest(device, 'new'),
        new QdevicePollRequest(device, true, ringId),
        new QdeviceMasterWinsRequest(device, true),
      ];
      for (const { key } of ofDevices) expect(key).toBe('dé');
    }
  });

  // From the offsets of the C structs, not from the builder.
  it.each([
    [new GetInfoRequest(0xffff_ffff), 24, 0, { 16: 0xffff_ffff }],
    [new SetExpectedRequest(0x0102_0304), 24, 1, { 16: 0x0102_0304 }],
    [new SetVotesRequest(5, 6), 24, 2, { 16: 6, 20: 5 }],
    [new TrackStartRequest(2n ** 32n + 7n, 'changes'), 32, 3, { 16: 7, 20: 1, 24: 2 }],
    [new TrackStopRequest(), 16, 4, {}],
    [new QdeviceRegisterRequest(name), 272, 5, { 16: 0x6464_6464, 266: 0x6464_6464, 268: 0x6464 }],
    [new QdeviceUnregisterRequest(name), 272, 6, { 16: 0x6464_6464, 266: 0x6464_6464, 268: 0x6464 }],
    [new QdeviceUpdateRequest(name, name), 528, 7, { 268: 0x6400_6464, 521: 0x6464_6464, 524: 0x64 }],
    [
      new QdevicePollRequest(name, true, ringId),
      296,
      8,
      { 268: 0x6464, 272: 1, 276: 0, 280: 0xffff_ffff, 284: 0, 288: 0xffff_ffff, 292: 0xffff_ffff },
    ],
    [new QdeviceMasterWinsRequest(name, true), 280, 9, { 268: 0x6464, 272: 1, 276: 0 }],
    [new QdeviceSetExtraInfoRequest(Uint8Array.of(1, 2, 3)), 27, 10, { 16: 3, 20: 0x0003_0201 }],
    [new QdeviceGetExtraInfoRequest(9), 24, 11, { 16: 9 }],
  ] as const)(
    '%o has %d bytes, id %d, its fields where the C struct has them',
    (request, size, id, words) => {
      const bytes = encodeAmongDirt(request);
      expect([bytes.length, bytes.readInt32LE(0), bytes.readInt32LE(8)]).toEqual([size, id, size]);
      const found = Object.keys(words).map((offset) => [offset, bytes.readUInt32LE(Number(offset))]);
      expect(Object.fromEntries(found)).toEqual(words);
    },
  );

  // With 255 bytes before its NUL, corosync aborts.
  it.each([
    ['is empty', ''],
    ['has 255 bytes', 'd'.repeat(255)],
    ['has 255 bytes in fewer characters', `${'ä'.repeat(127)}x`],
    ['has a NUL', 'a\0b'],
    ['has a NUL at its end', 'a\0'],
    ['has a NUL among its bytes', Uint8Array.of(1, 0, 2)],
  ])('are not made with a name of a quorum device that %s', (_what, bad) => {
    const make = [
      () => new QdeviceRegisterRequest(bad),
      () => new QdeviceUnregisterRequest(bad),
      () => new QdeviceUpdateRequest(bad, 'ok'),
      () => new QdeviceUpdateRequest('ok', bad),
      () => new QdevicePollRequest(bad, true, ringId),
      () => new QdeviceMasterWinsRequest(bad, true),
    ];
    for (const request of make) expect(request).toThrow(unencodable);
  });

  it.each([-1, 1.5, NaN, Infinity, 2 ** 32])('are not made with %d where 32 bits are meant', (bad) => {
    const make = [
      () => new GetInfoRequest(bad),
      () => new SetExpectedRequest(bad),
      () => new SetVotesRequest(bad, 1),
      () => new SetVotesRequest(1, bad),
      () => new QdevicePollRequest('d', true, { nodeId: bad, seq: 1n }),
      () => new QdeviceGetExtraInfoRequest(bad),
    ];
    for (const request of make) expect(request).toThrow(unencodable);
  });

  it.each([-1n, 2n ** 64n])('are not made with %d where 64 bits are meant', (bad) => {
    expect(() => new TrackStartRequest(bad, 'changes')).toThrow(unencodable);
    expect(() => new QdevicePollRequest('d', true, { nodeId: 1, seq: bad })).toThrow(unencodable);
  });

  it('keep the bytes they were made with', () => {
    const bytes = Uint8Array.of(0x64, 0x65);
    const request = new QdeviceRegisterRequest(bytes);
    const info = new QdeviceSetExtraInfoRequest(bytes);
    bytes.fill(0);
    expect(encodeAmongDirt(request).subarray(16, 19)).toEqual(Buffer.of(0x64, 0x65, 0));
    expect(encodeAmongDirt(info).subarray(20, 22)).toEqual(Buffer.of(0x64, 0x65));
  });

  it('with extra info of up to 4096 bytes are as the independent builder makes them', () => {
    for (const length of [0, 1, 4096]) {
      const info = Buffer.alloc(length, 'x');
      const built = reqVotequorumSetExtraInfo({ info: info.toString('hex') }).hex();
      expect(encodeAmongDirt(new QdeviceSetExtraInfoRequest(info)).toString('hex')).toBe(built);
    }
    expect(() => new QdeviceSetExtraInfoRequest(Buffer.alloc(4097))).toThrow(unencodable);
    const asked = encodeAmongDirt(new QdeviceGetExtraInfoRequest(3)).toString('hex');
    expect(asked).toBe(reqVotequorumGetExtraInfo({ nodeId: 3 }).hex());
  });

  it('say which of them is answered after others', () => {
    expect(new QdeviceRegisterRequest('d').answer).toBe('later');
  });
});

describe('answers of votequorum', () => {
  const info = {
    error: 1,
    nodeId: 0xffff_ffff,
    state: 1,
    votes: 2,
    expectedVotes: 3,
    highestExpected: 4,
    totalVotes: 5,
    quorum: 6,
    flags: 0,
    qdeviceVotes: 7,
    qdeviceName: '',
  };
  const decode = (change: Partial<typeof info>): unknown =>
    answered(new GetInfoRequest(1), resVotequorumGetinfo({ ...info, ...change }).toBytes()).value;

  it('have their fields where the C struct has them', () => {
    const bytes = Buffer.alloc(320);
    bytes.writeInt32LE(1, 0);
    bytes.writeInt32LE(320, 8);
    bytes.writeInt32LE(1, 16);
    for (const [index, offset] of [24, 28, 32, 36, 40, 44, 48, 52, 56].entries())
      bytes.writeUInt32LE(index + 1, offset);
    bytes.write('name', 60);
    expect(answered(new GetInfoRequest(1), bytes).value).toEqual({
      nodeId: 1,
      state: 'dead',
      votes: 3,
      expectedVotes: 4,
      highestExpected: 5,
      totalVotes: 6,
      quorum: 7,
      flags: ['last-man-standing'],
      flagBits: 8,
      qdeviceVotes: 9,
      qdeviceName: 'name',
    });
  });

  it.each([
    [1, 'two-node'],
    [2, 'quorate'],
    [4, 'wait-for-all'],
    [8, 'last-man-standing'],
    [16, 'auto-tie-breaker'],
    [32, 'allow-downscale'],
    [64, 'qdevice-registered'],
    [128, 'qdevice-alive'],
    [256, 'qdevice-cast-vote'],
    [512, 'qdevice-master-wins'],
    [1024, 'qdevice-extra-info'],
  ])('flag %d is %s', (flags, flag) => {
    expect(decode({ flags })).toMatchObject({ flags: [flag], flagBits: flags });
  });

  it('keep flags that have no name', () => {
    expect(decode({ flags: 0xffff_f800 })).toMatchObject({ flags: [], flagBits: 0xffff_f800 });
  });

  it.each([
    [0, 0],
    [1, 'member'],
    [2, 'dead'],
    [3, 'leaving'],
    [4, 4],
    [0xffff_ffff, 0xffff_ffff],
  ])('state %d is %s', (state, named) => {
    expect(decode({ state })).toMatchObject({ state: named });
  });

  it('keep a name that is no UTF-8', () => {
    const qdeviceNameBytes = Uint8Array.of(0x66, 0xff);
    expect(decode({ qdeviceName: '66ff' })).toMatchObject({ qdeviceName: 'f\ufffd', qdeviceNameBytes });
    const wellFormed = decode({ qdeviceName: Buffer.from('\ufffd').toString('hex') });
    expect(wellFormed).toMatchObject({ qdeviceName: '\ufffd' });
    expect(wellFormed).not.toHaveProperty('qdeviceNameBytes');
  });

  it('are refused if the name does not end', () => {
    expect(() => decode({ qdeviceName: '61'.repeat(255) })).toThrow(malformed);
    expect(decode({ qdeviceName: '61'.repeat(254) })).toMatchObject({ qdeviceName: 'a'.repeat(254) });
  });

  it('with extra info have as many bytes as they say', () => {
    const request = new QdeviceGetExtraInfoRequest(1);
    for (const length of [0, 3, 4096]) {
      const bytes = resVotequorumGetExtraInfo({ error: 1, info: 'ab'.repeat(length) }).toBytes();
      expect(answered(request, bytes).value).toEqual(new Uint8Array(length).fill(0xab));
      expect(request.maxResponseSize).toBeGreaterThanOrEqual(bytes.length);
      for (const wrong of [length + 1, length + 4, 0x7fff_ffff, 0xffff_ffff]) {
        bytes.writeUInt32LE(wrong, 24);
        expect(() => answered(request, bytes)).toThrow(malformed);
      }
    }
    expect(request.maxResponseSize).toBe(4128);
  });
});
