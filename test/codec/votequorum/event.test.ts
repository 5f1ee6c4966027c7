import { describe, expect, it } from 'vitest';
import { decodeVotequorumEvent, type VotequorumEvent } from '../../../src/codec/votequorum/event.ts';
import type { VotequorumNodeState } from '../../../src/codec/votequorum/node-state.ts';
import { readServiceGoldens } from '../../golden/service-goldens.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import type { MessageFields } from '../../helpers/wire/message-builder.ts';
import {
  resVotequorumExpectedvotes,
  resVotequorumExtraInfoNotification,
  resVotequorumNodelistNotification,
  resVotequorumQuorumNotification,
} from '../../helpers/wire/votequorum-messages.ts';
import { describeEvents, malformed } from '../service-suite.ts';

const STATES: readonly VotequorumNodeState[] = [0, 'member', 'dead', 'leaving', 4];

function expected(fields: MessageFields): VotequorumEvent {
  switch (fields.message) {
    case 'resVotequorumQuorumNotification':
      return {
        type: 'quorum',
        context: BigInt(fields.context),
        quorate: fields.quorate === 1,
        nodes: fields.nodes.map(({ nodeId, state }) => ({ nodeId, state: STATES[state] ?? 'dead' })),
      };
    case 'resVotequorumNodelistNotification': {
      const { nodeId, seq } = fields.ringId;
      const ringId = { nodeId, seq: BigInt(seq) };
      return { type: 'nodelist', context: BigInt(fields.context), ringId, members: fields.members };
    }
    case 'resVotequorumExpectedvotes':
      return {
        type: 'expected-votes',
        context: BigInt(fields.context),
        expectedVotes: fields.expectedVotes,
      };
    default:
      throw new Error(`${fields.message} is no event of votequorum`);
  }
}

const context = '18446744073709551614';
const SAMPLES = {
  quorum: resVotequorumQuorumNotification({
    quorate: 1,
    context,
    nodes: [0, 1, 2, 3, 4].map((state) => ({ nodeId: 0xffff_fff0 + state, state })),
  }),
  nodelist: resVotequorumNodelistNotification({
    context,
    ringId: { nodeId: 0xffff_ffff, seq: '18446744073709551615' },
    members: [0xffff_ffff, 2, 3],
  }),
  'expected votes': resVotequorumExpectedvotes({ context, expectedVotes: 0xffff_ffff }),
  'extra info': resVotequorumExtraInfoNotification({ context, nodeId: 7, info: '010203' }),
};
const decode = (name: keyof typeof SAMPLES): VotequorumEvent | undefined =>
  decodeVotequorumEvent(readerAmongDirt(SAMPLES[name].toBytes()));

describe('votequorum events', () => {
  describeEvents({
    service: 'votequorum',
    decode: decodeVotequorumEvent,
    expected,
    samples: SAMPLES,
    counts: [
      ['quorum', 40],
      ['nodelist', 48],
      ['extra info', 40],
    ],
    unknownIds: [0, 1, 2, 6, 8, 99, -1],
  });

  it('of every kind that 3.1.7 has are among the golden exchanges, with a dead node and a quorum device', () => {
    const events = readServiceGoldens('votequorum').exchanges.flatMap((exchange) => exchange.events);
    expect(new Set(events.map(({ fields }) => fields.message)).size).toBe(3);
    const nodes = events.flatMap(({ fields }) =>
      fields.message === 'resVotequorumQuorumNotification' ? fields.nodes : [],
    );
    expect(nodes).toContainEqual({ nodeId: 3, state: 2 });
    expect(nodes).toContainEqual({ nodeId: 0, state: 0 });
  });

  it('have their fields where the C structs have them', () => {
    const quorum = SAMPLES.quorum.toBytes();
    expect([quorum.length, quorum.readUInt32LE(24), quorum.readBigUInt64LE(32)]).toEqual([
      88,
      1,
      BigInt(context),
    ]);
    expect([quorum.readUInt32LE(40), quorum.readUInt32LE(56), quorum.readUInt32LE(60)]).toEqual([
      5, 0xffff_fff1, 1,
    ]);
    const nodelist = SAMPLES.nodelist.toBytes();
    expect([nodelist.length, nodelist.readUInt32LE(32), nodelist.readUInt32LE(60)]).toEqual([
      68, 0xffff_ffff, 2,
    ]);
    const info = SAMPLES['extra info'].toBytes();
    expect([info.length, info.readUInt32LE(32), info.readUInt8(48)]).toEqual([51, 7, 1]);
  });

  it('say all that was sent', () => {
    expect(decode('quorum')).toEqual({
      type: 'quorum',
      context: 2n ** 64n - 2n,
      quorate: true,
      nodes: [
        { nodeId: 0xffff_fff0, state: 0 },
        { nodeId: 0xffff_fff1, state: 'member' },
        { nodeId: 0xffff_fff2, state: 'dead' },
        { nodeId: 0xffff_fff3, state: 'leaving' },
        { nodeId: 0xffff_fff4, state: 4 },
      ],
    });
    expect(decode('nodelist')).toEqual({
      type: 'nodelist',
      context: 2n ** 64n - 2n,
      ringId: { nodeId: 0xffff_ffff, seq: 2n ** 64n - 1n },
      members: [0xffff_ffff, 2, 3],
    });
    expect(decode('expected votes')).toMatchObject({ expectedVotes: 0xffff_ffff });
    expect(decode('extra info')).toEqual({
      type: 'extra-info',
      context: 2n ** 64n - 2n,
      nodeId: 7,
      info: Uint8Array.of(1, 2, 3),
    });
  });

  it('say whether the cluster is quorate by 0 and 1 only', () => {
    for (const quorate of [2, 256]) {
      const bytes = resVotequorumQuorumNotification({ quorate, context, nodes: [] }).toBytes();
      expect(() => decodeVotequorumEvent(readerAmongDirt(bytes))).toThrow(malformed);
    }
  });
});
