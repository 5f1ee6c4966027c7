import { ADDRESS_SIZE, type CpgAddress } from '../../codec/cpg/address.ts';
import { CPG_RESPONSE_ID } from '../../codec/cpg/ids.ts';
import type { MessageWriter } from '../../codec/message-writer.ts';
import { encodeRingId, type RingId } from '../../codec/ring-id.ts';
import type { CsErrorName } from '../../errors/index.ts';
import { writeNodeIds } from '../service/node-ids.ts';
import { response } from '../service/response.ts';
import type { GroupName } from './group-name.ts';
import type { GroupProcess } from './process-list.ts';

/*
 * Answers and events of the cpg service. The layouts stand over the classes in src/codec/cpg that decode them.
 */

/** What stands where corosync leaves whatever was in its memory. */
const GARBAGE = 0xa5;

/** enum lib_cpg_confchg_reason */
export const REASON = { join: 1, leave: 2, nodeDown: 3, nodeUp: 4, processDown: 5 } as const;

export interface Change extends CpgAddress {
  readonly reason: number;
}

export interface Confchg {
  readonly name: GroupName;
  readonly members: readonly CpgAddress[];
  readonly left: readonly Change[];
  readonly joined: readonly Change[];
}

/** A fragment of a message, as its sender describes it. */
export interface FragmentParts {
  /** 1 first, 2 continued, 3 last, or whatever the sender says. */
  readonly type: number;
  readonly messageLength: number;
  readonly bytes: Uint8Array;
}

export function localAnswer(nodeId: number): Buffer {
  const writer = response(CPG_RESPONSE_ID.localGet, 32);
  writer.u32(24, nodeId);
  return writer.bytes;
}

/** @param members at most 384 */
export function membershipAnswer(members: readonly CpgAddress[]): Buffer {
  const writer = response(CPG_RESPONSE_ID.membership, 9248);
  writer.bytes.fill(GARBAGE, 32);
  writer.u32(24, members.length);
  for (const [index, { nodeId, pid }] of members.entries()) {
    writer.u32(32 + ADDRESS_SIZE * index, nodeId);
    writer.u32(40 + ADDRESS_SIZE * index, pid);
  }
  return writer.bytes;
}

export function iterationAnswer(handle: bigint): Buffer {
  const writer = response(CPG_RESPONSE_ID.iterationInitialize, 32);
  writer.u64(24, handle);
  return writer.bytes;
}

export function itemAnswer({ name, nodeId, pid }: GroupProcess): Buffer {
  const writer = response(CPG_RESPONSE_ID.iterationNext, 168);
  writer.copy(24, name.bytes);
  writer.u32(160, nodeId);
  writer.u32(164, pid);
  return writer.bytes;
}

export function noItemAnswer(error: CsErrorName): Buffer {
  return response(CPG_RESPONSE_ID.iterationNext, 168, error).bytes.fill(GARBAGE, 24);
}

export function confchgEvent({ name, members, left, joined }: Confchg): Buffer {
  const withoutReason = members.map((member) => ({ ...member, reason: 0 }));
  const all: readonly Change[] = [...withoutReason, ...left, ...joined];
  const writer = response(CPG_RESPONSE_ID.confchgCallback, 184 + ADDRESS_SIZE * all.length);
  writer.copy(24, name.bytes);
  writer.u32(160, members.length);
  writer.u32(168, joined.length);
  writer.u32(176, left.length);
  for (const [index, change] of all.entries()) writeChange(writer, 184 + ADDRESS_SIZE * index, change);
  return writer.bytes;
}

export function totemEvent(ringId: RingId, members: readonly number[]): Buffer {
  const writer = response(CPG_RESPONSE_ID.totemConfchgCallback, 48 + 4 * members.length);
  encodeRingId(writer, 24, ringId);
  writer.u32(40, members.length);
  writeNodeIds(writer, 44, members);
  return writer.bytes;
}

export function deliverEvent({ name, nodeId, pid }: GroupProcess, message: Uint8Array): Buffer {
  const writer = messageEvent(CPG_RESPONSE_ID.deliverCallback, 184, name, message);
  writer.u32(160, message.length);
  writer.u32(168, nodeId);
  writer.u32(176, pid);
  return writer.bytes;
}

export function fragmentEvent({ name, nodeId, pid }: GroupProcess, fragment: FragmentParts): Buffer {
  const { type, messageLength, bytes } = fragment;
  const writer = messageEvent(CPG_RESPONSE_ID.partialDeliverCallback, 200, name, bytes);
  writer.u32(160, messageLength);
  writer.u32(168, bytes.length);
  writer.u32(176, nodeId);
  writer.u32(184, pid);
  writer.u32(192, type);
  return writer.bytes;
}

/** Its error is never set. */
function messageEvent(id: number, fixedSize: number, name: GroupName, bytes: Uint8Array): MessageWriter {
  const writer = response(id, fixedSize + bytes.length);
  writer.bytes.fill(GARBAGE, 16, 24);
  writer.copy(24, name.bytes);
  writer.copy(fixedSize, bytes);
  return writer;
}

function writeChange(writer: MessageWriter, offset: number, { nodeId, pid, reason }: Change): void {
  writer.u32(offset, nodeId);
  writer.u32(offset + 8, pid);
  writer.u32(offset + 16, reason);
}
