import { describe, expect, it } from 'vitest';
import { decodeQuorumEvent, type QuorumEvent } from '../../../src/codec/quorum/event.ts';
import { readServiceGoldens } from '../../golden/service-goldens.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import type { RingIdFields } from '../../helpers/wire/lists.ts';
import type { MessageFields } from '../../helpers/wire/message-builder.ts';
import {
  resQuorumNotification,
  resQuorumV1NodelistNotification,
  resQuorumV1QuorumNotification,
} from '../../helpers/wire/quorum-messages.ts';
import { describeEvents, malformed } from '../service-suite.ts';

const ringIdOf = ({ nodeId, seq }: RingIdFields) => ({ nodeId, seq: BigInt(seq) });

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

/** The largest numbers that fields can hold. */
const ringId = { nodeId: 0xffff_ffff, seq: '18446744073709551615' };
const SAMPLES = {
  'v0 quorum': resQuorumNotification({ quorate: 1, ringSeq: ringId.seq, members: [1, 0xffff_ffff, 3] }),
  quorum: resQuorumV1QuorumNotification({ quorate: 0, ringId, members: [0xffff_ffff, 2] }),
  nodelist: resQuorumV1NodelistNotification({ ringId, members: [1, 2], joined: [3], left: [4, 5, 6] }),
};

describe('quorum events', () => {
  describeEvents({
    service: 'quorum',
    decode: decodeQuorumEvent,
    expected,
    samples: SAMPLES,
    counts: [
      ['v0 quorum', 40],
      ['quorum', 48],
      ['nodelist', 40],
      ['nodelist', 48],
      ['nodelist', 56],
    ],
    unknownIds: [0, 1, 2, 4, 5, 8, 99, -1],
  });

  it('of every kind are among the golden exchanges, with nodes that joined, left, and did both', () => {
    const events = readServiceGoldens('quorum').exchanges.flatMap((exchange) => exchange.events);
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

  it('have their fields where the C structs have them', () => {
    const v0 = SAMPLES['v0 quorum'].toBytes();
    expect([v0.length, v0.readInt32LE(0), v0.readInt32LE(24)]).toEqual([60, 3, 1]);
    expect([v0.readBigUInt64LE(32), v0.readUInt32LE(40), v0.readUInt32LE(44)]).toEqual([
      2n ** 64n - 1n,
      3,
      1,
    ]);
    expect(decodeQuorumEvent(readerAmongDirt(v0))).toMatchObject({
      ringSeq: 2n ** 64n - 1n,
      members: [1, 0xffff_ffff, 3],
    });
    const nodelist = SAMPLES.nodelist.toBytes();
    expect([nodelist.length, nodelist.readUInt32LE(60), nodelist.readUInt32LE(80)]).toEqual([88, 1, 6]);
    expect(decodeQuorumEvent(readerAmongDirt(nodelist))).toMatchObject({
      ringId: { nodeId: 0xffff_ffff, seq: 2n ** 64n - 1n },
      members: [1, 2],
      joined: [3],
      left: [4, 5, 6],
    });
  });

  it('say whether the cluster is quorate by 0 and 1 only', () => {
    for (const quorate of [2, -1, 256]) {
      const bytes = resQuorumNotification({ quorate, ringSeq: '1', members: [] }).toBytes();
      expect(() => decodeQuorumEvent(readerAmongDirt(bytes))).toThrow(malformed);
    }
  });
});
