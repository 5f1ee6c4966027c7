import { QUORUM_RESPONSE_ID } from '../../codec/quorum/ids.ts';
import { encodeRingId, type RingId } from '../../codec/ring-id.ts';
import type { CsErrorName } from '../../errors/index.ts';
import { writeNodeIds } from '../service/node-ids.ts';
import { response } from '../service/response.ts';

/*
 * Answers and events of the quorum service. The layouts stand over the classes in src/codec/quorum that decode them.
 */

export function quorateAnswer(quorate: boolean): Buffer {
  const writer = response(QUORUM_RESPONSE_ID.getQuorate, 32);
  writer.u32(24, Number(quorate));
  return writer.bytes;
}

/** The type is told even if the request is refused. */
export function typeAnswer(id: number, type: number, error: CsErrorName = 'CS_OK'): Buffer {
  const writer = response(id, 32, error);
  writer.u32(24, type);
  return writer.bytes;
}

export function v0Event(quorate: boolean, ringSeq: bigint, members: readonly number[]): Buffer {
  const writer = response(QUORUM_RESPONSE_ID.notification, 48 + 4 * members.length);
  writer.i32(24, Number(quorate));
  writer.u64(32, ringSeq);
  writer.u32(40, members.length);
  writeNodeIds(writer, 44, members);
  return writer.bytes;
}

export function quorumEvent(quorate: boolean, ringId: RingId, members: readonly number[]): Buffer {
  const writer = response(QUORUM_RESPONSE_ID.v1QuorumNotification, 56 + 4 * members.length);
  writer.i32(24, Number(quorate));
  encodeRingId(writer, 32, ringId);
  writer.u32(48, members.length);
  writeNodeIds(writer, 52, members);
  return writer.bytes;
}

interface Membership {
  readonly ringId: RingId;
  readonly members: readonly number[];
  readonly joined: readonly number[];
  readonly left: readonly number[];
}

export function nodelistEvent({ ringId, members, joined, left }: Membership): Buffer {
  const all = [...members, ...joined, ...left];
  const writer = response(QUORUM_RESPONSE_ID.v1NodelistNotification, 64 + 4 * all.length);
  encodeRingId(writer, 24, ringId);
  writer.u32(40, members.length);
  writer.u32(48, joined.length);
  writer.u32(56, left.length);
  writeNodeIds(writer, 60, all);
  return writer.bytes;
}
