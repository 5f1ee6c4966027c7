import { describe, expect, it } from 'vitest';
import { decodeQuorumEvent, type QuorumEvent } from '../../../src/codec/quorum/event.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { build, resHeaderOnly, type MessageFields } from '../../helpers/wire/message-builder.ts';
import {
  resQuorumNotification,
  resQuorumV1NodelistNotification,
  resQuorumV1QuorumNotification,
} from '../../helpers/wire/quorum-messages.ts';
import { goldenEvents } from '../service-exchanges.ts';

const decode = (bytes: Uint8Array): QuorumEvent | undefined => decodeQuorumEvent(readerAmongDirt(bytes));
const malformed: unknown = expect.objectContaining({ code: 'CS_ERR_MESSAGE_ERROR' });

const ringIdOf = ({ nodeId, seq }: { nodeId: number; seq: string }) => ({ nodeId, seq: BigInt(seq) });

function expected(fields: MessageFields): QuorumEvent {
  switch (fields.message) {
    case 'resQuorumNotification': {
      const { quorate, ringSeq, members } = fields;
      return { type: 'v0-quorum', quorate: quorate === 1, ringSeq: BigInt(ringSeq), members };
    }
    case 'resQuorumV1QuorumNotification': {
      const { quorate, ringId, members } = fields;
      return { type: 'quorum', quorate: quorate === 1, ringId: ringIdOf(ringId), members };
    }
    case 'resQuorumV1NodelistNotification': {
      const { ringId, members, joined, left } = fields;
      return { type: 'nodelist', ringId: ringIdOf(ringId), members, joined, left };
    }
    default:
      throw new Error(`${fields.message} is no event of quorum`);
  }
}

const events = goldenEvents('quorum');

/** The largest numbers a field can hold, and a list of several entries each. */
const ringId = { nodeId: 0xffff_ffff, seq: '18446744073709551615' };
const SAMPLES = {
  'v0 quorum': resQuorumNotification({ quorate: 1, ringSeq: ringId.seq, members: [1, 0xffff_ffff, 3] }),
  quorum: resQuorumV1QuorumNotification({ quorate: 0, ringId, members: [0xffff_ffff, 2] }),
  nodelist: resQuorumV1NodelistNotification({ ringId, members: [1, 2], joined: [3], left: [4, 5, 6] }),
};
/** Where a list's length is, from the offsets of the C structs. */
const COUNTS = [
  ['v0 quorum', 40],
  ['quorum', 48],
  ['nodelist', 40],
  ['nodelist', 48],
  ['nodelist', 56],
] as const;

describe('quorum events', () => {
  it('of every kind are among the golden exchanges, with nodes that joined, left, and did both', () => {
    expect(new Set(events.map(({ fields }) => fields.message)).size).toBe(3);
    const lists = events.flatMap(({ fields }) =>
      fields.message === 'resQuorumV1NodelistNotification' ? [[fields.joined, fields.left]] : [],
    );
    expect(lists).toEqual(
      expect.arrayContaining([
        [[3], []],
        [[], [3]],
        [[3], [3]],
      ]),
    );
  });

  it.each(events)('$name: decoded', ({ fields, bytes }) => {
    expect(decode(bytes)).toEqual(expected(fields));
  });

  it.each(events)('$name: whatever is in the padding', ({ fields }) => {
    const bytes = build(fields).toBytes();
    for (const at of build(fields).padding()) bytes[at] = 0xee;
    expect(decode(bytes)).toEqual(expected(fields));
  });

  it('have their fields where the C structs have them', () => {
    const v0 = SAMPLES['v0 quorum'].toBytes();
    expect([v0.length, v0.readInt32LE(0), v0.readInt32LE(24), v0.readBigUInt64LE(32)]).toEqual([
      60,
      3,
      1,
      2n ** 64n - 1n,
    ]);
    expect([v0.readUInt32LE(40), v0.readUInt32LE(44), v0.readUInt32LE(52)]).toEqual([3, 1, 3]);
    expect(decode(v0)).toMatchObject({ ringSeq: 2n ** 64n - 1n, members: [1, 0xffff_ffff, 3] });
    const nodelist = SAMPLES.nodelist.toBytes();
    expect([nodelist.length, nodelist.readUInt32LE(60), nodelist.readUInt32LE(80)]).toEqual([88, 1, 6]);
    expect(decode(nodelist)).toMatchObject({
      ringId: { nodeId: 0xffff_ffff, seq: 2n ** 64n - 1n },
      members: [1, 2],
      joined: [3],
      left: [4, 5, 6],
    });
  });

  it.each(COUNTS)('%s: a count at %d that is not what arrived is refused', (name, offset) => {
    const right = SAMPLES[name].toBytes().readUInt32LE(offset);
    for (const count of [right - 1, right + 1, 1000, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0xffff_ffff]) {
      const bytes = SAMPLES[name].toBytes();
      bytes.writeUInt32LE(count >>> 0, offset);
      expect(() => decode(bytes)).toThrow(malformed);
    }
  });

  it.each(Object.entries(SAMPLES))('%s: is refused when it is cut off anywhere', (_name, sample) => {
    const whole = sample.toBytes();
    for (let length = 0; length < whole.length; length++) {
      const bytes = Buffer.from(whole.subarray(0, length));
      if (length >= 12) bytes.writeInt32LE(length, 8);
      expect(() => decode(bytes)).toThrow(malformed);
    }
  });

  it('say whether the cluster is quorate by 0 and 1 only', () => {
    for (const quorate of [2, -1, 256]) {
      expect(() => decode(resQuorumNotification({ quorate, ringSeq: '1', members: [] }).toBytes())).toThrow(
        malformed,
      );
    }
  });

  it.each([0, 1, 2, 4, 5, 8, 99, -1])('of id %d are not known, which is no error', (id) => {
    expect(decode(resHeaderOnly({ id, error: 1 }).toBytes())).toBeUndefined();
  });
});
