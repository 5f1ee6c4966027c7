import { describe, expect, it } from 'vitest';
import type { CpgAddress } from '../../../src/codec/cpg/address.ts';
import { FinalizeRequest } from '../../../src/codec/cpg/finalize.ts';
import {
  IterationFinalizeRequest,
  IterationInitializeRequest,
  IterationNextRequest,
} from '../../../src/codec/cpg/iteration.ts';
import { JoinRequest } from '../../../src/codec/cpg/join.ts';
import { LeaveRequest } from '../../../src/codec/cpg/leave.ts';
import { LocalGetRequest } from '../../../src/codec/cpg/local-get.ts';
import { MAX_ATOMIC_MESSAGE, McastRequest } from '../../../src/codec/cpg/mcast.ts';
import { MembershipGetRequest } from '../../../src/codec/cpg/membership-get.ts';
import { PartialMcastRequest, type CpgPart } from '../../../src/codec/cpg/partial-mcast.ts';
import type { AnyMessage } from '../../../src/codec/message.ts';
import { encodeAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { resCpgIterationNext, resCpgMembershipGet } from '../../helpers/wire/cpg-messages.ts';
import { resHeaderOnly, type MessageFields } from '../../helpers/wire/message-builder.ts';
import { answered, describeCalls, malformed, unencodable } from '../service-suite.ts';

const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex');
const PARTS: Readonly<Record<number, CpgPart>> = { 1: 'first', 2: 'continued', 3: 'last' };

function iterationOver(type: number, group = ''): IterationInitializeRequest {
  if (type === 2) return new IterationInitializeRequest({ type: 'group', group: fromHex(group) });
  return new IterationInitializeRequest({ type: type === 1 ? 'names' : 'all' });
}

function requestFor(fields: MessageFields): AnyMessage {
  switch (fields.message) {
    case 'reqCpgJoin':
      return new JoinRequest(fromHex(fields.group), fields.pid, fields.flags === 1);
    case 'reqCpgLeave':
      return new LeaveRequest(fromHex(fields.group).toString(), fields.pid);
    case 'reqCpgMcast':
      return new McastRequest('golden', fromHex(fields.bytes));
    case 'reqCpgPartialMcast': {
      const { messageLength, part, bytes } = fields;
      const fragment = { messageLength, part: PARTS[part] ?? 'first', bytes: fromHex(bytes) };
      return new PartialMcastRequest('golden', fragment);
    }
    case 'reqCpgMembershipGet':
      return new MembershipGetRequest(fromHex(fields.group));
    case 'reqCpgIterationInitialize':
      return iterationOver(fields.type, fields.group);
    case 'reqCpgIterationNext':
      return new IterationNextRequest(BigInt(fields.handle));
    case 'reqCpgIterationFinalize':
      return new IterationFinalizeRequest(BigInt(fields.handle));
    case 'reqHeaderOnly':
      return fields.id === 4 ? new LocalGetRequest() : new FinalizeRequest();
    default:
      throw new Error(`${fields.message} is no request of cpg`);
  }
}

function expectedAnswer(fields: MessageFields): unknown {
  switch (fields.message) {
    case 'resHeaderOnly':
      return undefined;
    case 'resCpgLocalGet':
      return fields.nodeId;
    case 'resCpgMembershipGet':
      return fields.members.map(({ nodeId, pid }): CpgAddress => ({ nodeId, pid }));
    case 'resCpgIterationInitialize':
      return BigInt(fields.handle);
    case 'resCpgIterationNext': {
      const bytes = fromHex(fields.group);
      const groupBytes = fields.group === '67ff' ? { groupBytes: Uint8Array.from(bytes) } : {};
      return { group: bytes.toString(), ...groupBytes, nodeId: fields.nodeId, pid: fields.pid };
    }
    default:
      throw new Error(`${fields.message} is no answer of cpg`);
  }
}

const OTHER_GUARANTEE = 'corosync does not look at the guarantee, so there is no choice';

describeCalls({
  service: 'cpg',
  requestFor,
  expectedAnswer,
  notOurs: {
    'mcast, unordered': OTHER_GUARANTEE,
    'mcast, fifo': OTHER_GUARANTEE,
    'mcast, safe': OTHER_GUARANTEE,
    'fragments: of no known part': 'there is no such part',
  },
  operations: [
    'cpg_finalize',
    'cpg_iteration_finalize',
    'cpg_iteration_initialize',
    'cpg_iteration_next',
    'cpg_join',
    'cpg_leave',
    'cpg_local_get',
    'cpg_mcast_joined',
    'cpg_membership_get',
  ],
  changing: ['cpg_finalize', 'cpg_join', 'cpg_leave', 'cpg_mcast_joined'],
});

/** That of ES2024, which Node.js 20 has. */
const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void };

const GROUP = 'g'.repeat(127);

describe('requests of a group', () => {
  it('name it in their errors', () => {
    for (const group of ['gé', Buffer.from('gé')]) {
      const requests = [
        new JoinRequest(group, 1, false),
        new LeaveRequest(group, 1),
        new MembershipGetRequest(group),
        new IterationInitializeRequest({ type: 'group', group }),
      ];
      for (const { key } of requests) expect(key).toBe('gé');
    }
  });
});
const HANDLE = 0xffff_fffe_0000_0007n;
const ABCD = Buffer.from('abcd');

describe('requests of cpg', () => {
  // From the offsets of the C structs, not from the builder.
  it.each([
    [
      new JoinRequest(GROUP, 0xffff_ffff, true),
      168,
      0,
      { 16: 127, 24: 0x6767_6767, 148: 0x0067_6767, 152: 0xffff_ffff, 160: 1 },
    ],
    [new JoinRequest('g', 1, false), 168, 0, { 16: 1, 24: 0x67, 152: 1, 160: 0 }],
    [new LeaveRequest(GROUP, 7), 160, 1, { 16: 127, 148: 0x0067_6767, 152: 7 }],
    [new McastRequest('g', ABCD), 44, 2, { 16: 0, 20: 0, 24: 2, 32: 4, 40: 0x6463_6261 }],
    [new McastRequest('g', Buffer.alloc(0)), 40, 2, { 16: 0, 24: 2, 32: 0 }],
    [new MembershipGetRequest('g'.repeat(128)), 152, 3, { 16: 128, 24: 0x6767_6767, 148: 0x6767_6767 }],
    [new LocalGetRequest(), 16, 4, {}],
    [new IterationInitializeRequest({ type: 'names' }), 160, 5, { 16: 0, 152: 1 }],
    [new IterationInitializeRequest({ type: 'group', group: 'gg' }), 160, 5, { 16: 2, 24: 0x6767, 152: 2 }],
    [new IterationInitializeRequest({ type: 'all' }), 160, 5, { 16: 0, 152: 3 }],
    [new IterationNextRequest(HANDLE), 24, 6, { 16: 7, 20: 0xffff_fffe }],
    [new IterationFinalizeRequest(HANDLE), 24, 7, { 16: 7, 20: 0xffff_fffe }],
    [new FinalizeRequest(), 16, 8, {}],
    [
      new PartialMcastRequest('g', { part: 'first', messageLength: 0xffff_ffff, bytes: ABCD }),
      60,
      12,
      { 16: 0, 24: 2, 32: 0xffff_ffff, 40: 4, 48: 1, 56: 0x6463_6261 },
    ],
    [
      new PartialMcastRequest('g', { part: 'continued', messageLength: 9, bytes: ABCD }),
      60,
      12,
      { 32: 9, 48: 2 },
    ],
    [new PartialMcastRequest('g', { part: 'last', messageLength: 9, bytes: ABCD }), 60, 12, { 32: 9, 48: 3 }],
  ] as const)(
    '%o has %d bytes, id %d, its fields where the C struct has them',
    (request, size, id, words) => {
      const bytes = encodeAmongDirt(request);
      expect([bytes.length, bytes.readInt32LE(0), bytes.readInt32LE(8)]).toEqual([size, id, size]);
      const found = Object.keys(words).map((offset) => [offset, bytes.readUInt32LE(Number(offset))]);
      expect(Object.fromEntries(found)).toEqual(words);
    },
  );

  // An empty name leaves a member behind for ever; one of 128 bytes or with a NUL confuses corosync when a node is lost.
  it.each([
    ['is empty', ''],
    ['has 128 bytes', 'g'.repeat(128)],
    ['has 128 bytes in fewer characters', 'ü'.repeat(64)],
    ['has a NUL', 'a\0b'],
    ['has a NUL among its bytes', Uint8Array.of(0)],
  ])('neither join nor leave a group whose name %s', (_what, name) => {
    expect(() => new JoinRequest(name, 1, false)).toThrow(unencodable);
    expect(() => new LeaveRequest(name, 1)).toThrow(unencodable);
  });

  it('ask for groups of any name that there can be', () => {
    for (const name of ['', 'a\0b', 'g'.repeat(128)]) {
      const bytes = encodeAmongDirt(new MembershipGetRequest(name));
      expect(bytes.readUInt32LE(16)).toBe(name.length);
      expect(bytes.toString('latin1', 24, 24 + name.length)).toBe(name);
    }
    expect(() => new MembershipGetRequest('g'.repeat(129))).toThrow(unencodable);
    const group = 'ü'.repeat(65);
    expect(() => new IterationInitializeRequest({ type: 'group', group })).toThrow(unencodable);
  });

  // Somewhat more in one request, and the corosync of every node aborts.
  it('send no more at once than cpg_max_atomic_msgsize_get says', () => {
    expect(MAX_ATOMIC_MESSAGE).toBe(1_047_552);
    const [most, more] = [Buffer.alloc(1_047_552), Buffer.alloc(1_047_553)];
    expect(new McastRequest('g', most).size).toBe(1_047_592);
    expect(() => new McastRequest('g', more)).toThrow(unencodable);
    const part = 'first';
    expect(new PartialMcastRequest('g', { part, messageLength: 1 << 30, bytes: most }).size).toBe(1_047_608);
    expect(() => new PartialMcastRequest('g', { part, messageLength: 1 << 30, bytes: more })).toThrow(
      unencodable,
    );
  });

  it.each([-1, 3, 1.5, 2 ** 32])('send no fragment of 4 bytes of a message of %d', (messageLength) => {
    expect(() => new PartialMcastRequest('g', { part: 'last', messageLength, bytes: ABCD })).toThrow(
      unencodable,
    );
  });

  it.each([-1, 1.5, NaN, 2 ** 32])('are not made with pid %d', (pid) => {
    expect(() => new JoinRequest('g', pid, false)).toThrow(unencodable);
    expect(() => new LeaveRequest('g', pid)).toThrow(unencodable);
  });

  it.each([-1n, 2n ** 64n])('are not made with handle %d', (handle) => {
    expect(() => new IterationNextRequest(handle)).toThrow(unencodable);
    expect(() => new IterationFinalizeRequest(handle)).toThrow(unencodable);
  });

  it('write into their own bytes only, whatever becomes of the message meanwhile', () => {
    const buffer = new ResizableBuffer(4, { maxByteLength: 64 });
    const requests = [
      new McastRequest('g', new Uint8Array(buffer)),
      new PartialMcastRequest('g', { part: 'first', messageLength: 9, bytes: new Uint8Array(buffer) }),
    ];
    for (const length of [64, 2, 0]) {
      buffer.resize(length);
      for (const request of requests) {
        const bytes = encodeAmongDirt(request);
        const lengthOffset = bytes.readInt32LE(0) === 2 ? 32 : 40;
        expect([bytes.readInt32LE(8), bytes.readUInt32LE(lengthOffset)]).toEqual([request.size, 4]);
      }
    }
  });

  it('of a message are not answered, and closed with one that is', () => {
    const { answer, barrier } = new McastRequest('g', ABCD);
    expect(answer).toBe('never');
    expect(barrier).toBeInstanceOf(LocalGetRequest);
  });
});

describe('answers of cpg', () => {
  const members = Array.from({ length: 384 }, (_, index) => ({ nodeId: index, pid: 0xffff_ffff - index }));

  it('of membership have up to 384 members', () => {
    const bytes = resCpgMembershipGet({ error: 1, members }).toBytes();
    expect([
      bytes.length,
      bytes.readUInt32LE(24),
      bytes.readUInt32LE(32 + 24),
      bytes.readUInt32LE(40),
    ]).toEqual([9248, 384, 1, 0xffff_ffff]);
    expect(answered(new MembershipGetRequest('g'), bytes).value).toEqual(members);
    for (const count of [385, 0x7fff_ffff, 0xffff_ffff]) {
      bytes.writeUInt32LE(count, 24);
      expect(() => answered(new MembershipGetRequest('g'), bytes)).toThrow(malformed);
    }
  });

  it('of an iteration have names of up to 128 bytes of any kind', () => {
    const item = (group: string): unknown =>
      answered(
        new IterationNextRequest(1n),
        resCpgIterationNext({ error: 1, group, nodeId: 1, pid: 2 }).toBytes(),
      ).value;
    expect(item('')).toEqual({ group: '', nodeId: 1, pid: 2 });
    expect(item('610062')).toEqual({ group: 'a\0b', nodeId: 1, pid: 2 });
    expect(item('61'.repeat(128))).toEqual({ group: 'a'.repeat(128), nodeId: 1, pid: 2 });
    const bytes = resCpgIterationNext({ error: 1, group: '', nodeId: 1, pid: 2 }).toBytes();
    expect([bytes.readUInt32LE(160), bytes.readUInt32LE(164)]).toEqual([1, 2]);
    for (const length of [129, 0x7fff_ffff, 0xffff_ffff]) {
      bytes.writeUInt32LE(length, 24);
      expect(() => answered(new IterationNextRequest(1n), bytes)).toThrow(malformed);
    }
  });

  it('past the end of an iteration are undefined', () => {
    const bytes = Buffer.alloc(168, 0xee);
    bytes.writeInt32LE(10, 0);
    bytes.writeInt32LE(168, 8);
    bytes.writeInt32LE(27, 16);
    expect(answered(new IterationNextRequest(1n), bytes)).toEqual({ error: 27, value: undefined });
  });

  it('may be a bare refusal', () => {
    const bytes = resHeaderOnly({ id: 0, error: 6 }).toBytes();
    for (const request of [new JoinRequest('g', 1, true), new LeaveRequest('g', 1), new FinalizeRequest()])
      expect(answered(request, bytes)).toEqual({ error: 6 });
  });
});
