import { encodeRingId, type RingId } from '../../codec/ring-id.ts';
import { VOTEQUORUM_RESPONSE_ID } from '../../codec/votequorum/ids.ts';
import type { CsErrorName } from '../../errors/index.ts';
import { writeNodeIds } from '../service/node-ids.ts';
import { bareResponse, response } from '../service/response.ts';
import type { VotingNode } from './voting-node.ts';

/*
 * Answers and events of votequorum. The layouts stand over the classes in src/codec/votequorum that decode them.
 */

/** What stands where corosync leaves whatever was in its memory. */
const GARBAGE = 0xa5;
const INFO_SIZE = 320;

export function statusAnswer(error: CsErrorName): Buffer {
  return bareResponse(VOTEQUORUM_RESPONSE_ID.status, error);
}

export interface Info {
  readonly node: VotingNode;
  readonly highestExpected: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly flags: number;
  readonly deviceVotes: number;
  readonly deviceName: Buffer;
}

export function infoAnswer(info: Info): Buffer {
  const { nodeId, state, votes, expectedVotes } = info.node;
  const { highestExpected, totalVotes, quorum, flags, deviceVotes } = info;
  const writer = response(VOTEQUORUM_RESPONSE_ID.getInfo, INFO_SIZE);
  const fields = [
    nodeId,
    state,
    votes,
    expectedVotes,
    highestExpected,
    totalVotes,
    quorum,
    flags,
    deviceVotes,
  ];
  for (const [index, field] of fields.entries()) writer.u32(24 + 4 * index, field);
  writer.copy(60, info.deviceName);
  return writer.bytes;
}

/** An answer that failed is as long. */
export function noInfoAnswer(error: CsErrorName): Buffer {
  const { bytes } = response(VOTEQUORUM_RESPONSE_ID.getInfo, INFO_SIZE, error);
  return bytes.fill(GARBAGE, 24);
}

export function quorumEvent(
  context: bigint,
  quorate: boolean,
  nodes: readonly { readonly nodeId: number; readonly state: number }[],
): Buffer {
  const writer = response(VOTEQUORUM_RESPONSE_ID.quorumNotification, 48 + 8 * nodes.length);
  writer.u32(24, Number(quorate));
  writer.u64(32, context);
  writer.u32(40, nodes.length);
  for (const [index, { nodeId, state }] of nodes.entries()) {
    writer.u32(48 + 8 * index, nodeId);
    writer.u32(52 + 8 * index, state);
  }
  return writer.bytes;
}

export function expectedVotesEvent(context: bigint, expectedVotes: number): Buffer {
  const writer = response(VOTEQUORUM_RESPONSE_ID.expectedVotesNotification, 40);
  writer.u64(24, context);
  writer.u32(32, expectedVotes);
  return writer.bytes;
}

export function nodelistEvent(context: bigint, ringId: RingId, members: readonly number[]): Buffer {
  const writer = response(VOTEQUORUM_RESPONSE_ID.nodelistNotification, 56 + 4 * members.length);
  writer.u64(24, context);
  encodeRingId(writer, 32, ringId);
  writer.u32(48, members.length);
  writeNodeIds(writer, 56, members);
  return writer.bytes;
}
