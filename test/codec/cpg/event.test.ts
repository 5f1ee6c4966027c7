import { describe, expect, it } from 'vitest';
import { decodeConfchg } from '../../../src/codec/cpg/confchg.ts';
import { decodeDelivery } from '../../../src/codec/cpg/deliver.ts';
import { cpgEventKind, decodeEventGroup } from '../../../src/codec/cpg/event.ts';
import { copyFragment, decodePartialDelivery } from '../../../src/codec/cpg/partial-deliver.ts';
import { decodeTotemConfchg } from '../../../src/codec/cpg/totem-confchg.ts';
import type { MessageReader } from '../../../src/codec/message-reader.ts';
import { readServiceGoldens } from '../../golden/service-goldens.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import {
  resCpgConfchg,
  resCpgDeliver,
  resCpgPartialDeliver,
  resCpgTotemConfchg,
  type AddressFields,
} from '../../helpers/wire/cpg-messages.ts';
import type { MessageFields } from '../../helpers/wire/message-builder.ts';
import { describeEvents, malformed } from '../service-suite.ts';

/** Vitest compares a megabyte of text faster than one of bytes. */
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const REASONS = ['0', 'join', 'leave', 'node-down', 'node-up', 'process-down'];
const change = ({ nodeId, pid, reason = 0 }: AddressFields) => ({ nodeId, pid, reason: REASONS[reason] });

/** Whatever an event says, with its kind. */
function decode(event: MessageReader): unknown {
  const kind = cpgEventKind(event);
  switch (kind) {
    case 'deliver': {
      const delivery = decodeDelivery(event);
      return { kind, ...decodeEventGroup(event), ...delivery, message: hex(delivery.message) };
    }
    case 'partial-deliver': {
      const partial = decodePartialDelivery(event);
      const fragment = new Uint8Array(partial.fragmentLength + 2);
      copyFragment(event, fragment, 1);
      return { kind, ...decodeEventGroup(event), ...partial, fragment: hex(fragment) };
    }
    case 'confchg':
      return { kind, ...decodeConfchg(event) };
    case 'totem-confchg':
      return { kind, ...decodeTotemConfchg(event) };
    case undefined:
      return undefined;
  }
}

function expected(fields: MessageFields): unknown {
  switch (fields.message) {
    case 'resCpgDeliver': {
      const { nodeId, pid } = fields;
      const group = String(Buffer.from(fields.group, 'hex'));
      return { kind: 'deliver', group, nodeId, pid, message: fields.bytes };
    }
    case 'resCpgPartialDeliver': {
      const { nodeId, pid, messageLength, bytes } = fields;
      return {
        kind: 'partial-deliver',
        group: String(Buffer.from(fields.group, 'hex')),
        nodeId,
        pid,
        messageLength,
        part: ['', 'first', 'continued', 'last'][fields.part],
        fragmentLength: bytes.length / 2,
        fragment: `00${bytes}00`,
      };
    }
    case 'resCpgConfchg':
      return {
        kind: 'confchg',
        group: String(Buffer.from(fields.group, 'hex')),
        members: fields.members.map(({ nodeId, pid }) => ({ nodeId, pid })),
        left: fields.left.map(change),
        joined: fields.joined.map(change),
      };
    case 'resCpgTotemConfchg': {
      const ringId = { nodeId: fields.ringId.nodeId, seq: BigInt(fields.ringId.seq) };
      return { kind: 'totem-confchg', ringId, members: fields.members };
    }
    default:
      throw new Error(`${fields.message} is no event of cpg`);
  }
}

const group = Buffer.from('chat').toString('hex');
const sender = { nodeId: 0xffff_ffff, pid: 0xffff_fffe };
const SAMPLES = {
  delivery: resCpgDeliver({ group, ...sender, bytes: '010203' }),
  fragment: resCpgPartialDeliver({ group, ...sender, bytes: '0102030405', messageLength: 100, part: 2 }),
  confchg: resCpgConfchg({
    group,
    members: [
      { nodeId: 1, pid: 10 },
      { nodeId: 2, pid: 20 },
    ],
    left: [{ nodeId: 3, pid: 30, reason: 3 }],
    joined: [4, 5, 6].map((nodeId) => ({ nodeId, pid: 10 * nodeId, reason: nodeId })),
  }),
  totem: resCpgTotemConfchg({
    ringId: { nodeId: 0xffff_ffff, seq: '18446744073709551615' },
    members: [1, 0xffff_ffff],
  }),
};
const sample = (name: keyof typeof SAMPLES): unknown => decode(readerAmongDirt(SAMPLES[name].toBytes()));

describe('cpg events', () => {
  describeEvents({
    service: 'cpg',
    decode,
    expected,
    samples: SAMPLES,
    counts: [
      ['delivery', 160],
      ['fragment', 168],
      ['confchg', 160],
      ['confchg', 168],
      ['confchg', 176],
      ['totem', 40],
    ],
    unknownIds: [0, 1, 2, 3, 6, 7, 8, 9, 12, 14, 18, 99, -1],
  });

  it('of every kind are among the golden exchanges, with every reason', () => {
    const events = readServiceGoldens('cpg').exchanges.flatMap((exchange) => exchange.events);
    expect(new Set(events.map(({ fields }) => fields.message)).size).toBe(4);
    const reasons = events.flatMap(({ fields }) =>
      fields.message === 'resCpgConfchg'
        ? [...fields.left, ...fields.joined].map(({ reason }) => reason)
        : [],
    );
    expect([...new Set(reasons)].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('have their fields where the C structs have them', () => {
    const u32 = (name: keyof typeof SAMPLES, ...offsets: number[]): number[] => {
      const bytes = SAMPLES[name].toBytes();
      return [bytes.length, ...offsets.map((offset) => bytes.readUInt32LE(offset))];
    };
    expect(u32('delivery', 0, 24, 160, 168, 176)).toEqual([187, 5, 4, 3, 0xffff_ffff, 0xffff_fffe]);
    expect(u32('fragment', 0, 160, 168, 176, 184, 192, 200)).toEqual([
      205, 17, 100, 5, 0xffff_ffff, 0xffff_fffe, 2, 0x0403_0201,
    ]);
    // Counts: members, joined, left. Entries: members, left, joined.
    expect(u32('confchg', 0, 160, 168, 176)).toEqual([328, 4, 2, 3, 1]);
    expect(u32('confchg', 184, 192, 208, 232, 240, 248, 256, 304, 320)).toEqual([
      328, 1, 10, 2, 3, 30, 3, 4, 6, 6,
    ]);
    expect(u32('totem', 0, 24, 40, 44, 48)).toEqual([56, 13, 0xffff_ffff, 2, 1, 0xffff_ffff]);
  });

  it('say all that was sent', () => {
    expect(sample('delivery')).toEqual({
      kind: 'deliver',
      group: 'chat',
      ...sender,
      message: '010203',
    });
    expect(sample('fragment')).toEqual({
      kind: 'partial-deliver',
      group: 'chat',
      ...sender,
      messageLength: 100,
      part: 'continued',
      fragmentLength: 5,
      fragment: '00010203040500',
    });
    expect(sample('confchg')).toEqual({
      kind: 'confchg',
      group: 'chat',
      members: [
        { nodeId: 1, pid: 10 },
        { nodeId: 2, pid: 20 },
      ],
      left: [{ nodeId: 3, pid: 30, reason: 'node-down' }],
      joined: [
        { nodeId: 4, pid: 40, reason: 'node-up' },
        { nodeId: 5, pid: 50, reason: 'process-down' },
        { nodeId: 6, pid: 60, reason: 6 },
      ],
    });
    expect(sample('totem')).toEqual({
      kind: 'totem-confchg',
      ringId: { nodeId: 0xffff_ffff, seq: 2n ** 64n - 1n },
      members: [1, 0xffff_ffff],
    });
  });

  it.each([0, 4, 77, 0xffff_ffff])('keep a part %d that corosync does not define', (part) => {
    const bytes = resCpgPartialDeliver({ group, ...sender, bytes: '', messageLength: 0, part }).toBytes();
    expect(decodePartialDelivery(readerAmongDirt(bytes)).part).toBe(part);
  });

  it('take the length of a whole message as it is said: nobody has checked it', () => {
    const messageLength = 0xffff_ffff;
    const bytes = resCpgPartialDeliver({ group, ...sender, bytes: '00', messageLength, part: 1 }).toBytes();
    expect(decodePartialDelivery(readerAmongDirt(bytes))).toMatchObject({ messageLength, fragmentLength: 1 });
  });

  it('do not copy a fragment to where it does not fit', () => {
    const reader = readerAmongDirt(SAMPLES.fragment.toBytes());
    expect(() => copyFragment(reader, new Uint8Array(5), 1)).toThrow(RangeError);
    expect(() => copyFragment(reader, new Uint8Array(4), 0)).toThrow(RangeError);
  });

  it('give a message bytes of its own', () => {
    const bytes = SAMPLES.delivery.toBytes();
    const reader = readerAmongDirt(bytes);
    const { message } = decodeDelivery(reader);
    expect(message.byteLength).toBe(message.buffer.byteLength);
  });

  it.each([129, 0x7fff_ffff, 0xffff_ffff])('with a group name of %d bytes are refused', (length) => {
    const bytes = SAMPLES.confchg.toBytes();
    bytes.writeUInt32LE(length, 24);
    expect(() => decode(readerAmongDirt(bytes))).toThrow(malformed);
  });

  it('read a group name by its length alone', () => {
    const bytes = SAMPLES.confchg.toBytes();
    bytes.fill('x', 36, 160);
    expect(decode(readerAmongDirt(bytes))).toMatchObject({ group: 'chat' });
    bytes.writeUInt32LE(6, 24);
    bytes.set([0, 0xff], 36);
    expect(decode(readerAmongDirt(bytes))).toMatchObject({
      group: 'chat\0\ufffd',
      groupBytes: Uint8Array.of(0x63, 0x68, 0x61, 0x74, 0, 0xff),
    });
  });
});
