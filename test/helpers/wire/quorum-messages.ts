import { nodeIds, ringId, type RingIdFields } from './lists.ts';
import { requestHeader, responseHeader, type Message, type ResError } from './message.ts';

/** struct req_lib_quorum_trackstart */
export function reqQuorumTrackstart({ flags }: { readonly flags: number }): Message {
  return requestHeader(1, 24).u32(flags).pad(4).at(24);
}

/** struct req_lib_quorum_model_gettype */
export function reqQuorumModelGettype({ model }: { readonly model: number }): Message {
  return requestHeader(4, 24).u32(model).pad(4).at(24);
}

/** struct res_lib_quorum_getquorate */
export function resQuorumGetquorate({ error, quorate }: ResError & { readonly quorate: number }): Message {
  return responseHeader(0, 32, error).u32(quorate).pad(4).at(32);
}

export interface ResQuorumType extends ResError {
  readonly quorumType: number;
}

/** struct res_lib_quorum_gettype */
export function resQuorumGettype({ error, quorumType }: ResQuorumType): Message {
  return responseHeader(4, 32, error).u32(quorumType).pad(4).at(32);
}

/** struct res_lib_quorum_model_gettype */
export function resQuorumModelGettype({ error, quorumType }: ResQuorumType): Message {
  return responseHeader(5, 32, error).u32(quorumType).pad(4).at(32);
}

export interface QuorumNotification {
  readonly quorate: number;
  readonly ringSeq: string;
  readonly members: readonly number[];
}

/** struct res_lib_quorum_notification: its list begins in the struct's last 4 bytes, so that 4 unused ones follow the list. */
export function resQuorumNotification({ quorate, ringSeq, members }: QuorumNotification): Message {
  return responseHeader(3, 48 + 4 * members.length, 1)
    .i32(quorate)
    .pad(4)
    .at(32)
    .u64(BigInt(ringSeq))
    .at(40)
    .u32(members.length)
    .at(44)
    .bytes(nodeIds(members))
    .pad(4);
}

export interface QuorumV1QuorumNotification {
  readonly quorate: number;
  readonly ringId: RingIdFields;
  readonly members: readonly number[];
}

/** struct res_lib_quorum_v1_quorum_notification, with 4 unused bytes behind the list. */
export function resQuorumV1QuorumNotification(notification: QuorumV1QuorumNotification): Message {
  const { quorate, members } = notification;
  return responseHeader(6, 56 + 4 * members.length, 1)
    .i32(quorate)
    .pad(4)
    .at(32)
    .bytes(ringId(notification.ringId))
    .at(48)
    .u32(members.length)
    .at(52)
    .bytes(nodeIds(members))
    .pad(4);
}

export interface QuorumV1NodelistNotification {
  readonly ringId: RingIdFields;
  readonly members: readonly number[];
  readonly joined: readonly number[];
  readonly left: readonly number[];
}

/** struct res_lib_quorum_v1_nodelist_notification: three lists back to back, with 4 unused bytes behind them. */
export function resQuorumV1NodelistNotification(notification: QuorumV1NodelistNotification): Message {
  const { members, joined, left } = notification;
  return responseHeader(7, 64 + 4 * (members.length + joined.length + left.length), 1)
    .at(24)
    .bytes(ringId(notification.ringId))
    .at(40)
    .u32(members.length)
    .pad(4)
    .at(48)
    .u32(joined.length)
    .pad(4)
    .at(56)
    .u32(left.length)
    .at(60)
    .bytes(nodeIds([...members, ...joined, ...left]))
    .pad(4);
}
