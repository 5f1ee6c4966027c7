import { nodeIds, ringId, type RingIdFields } from './lists.ts';
import { hexBytes, message, requestHeader, responseHeader, type Message, type ResError } from './message.ts';

/** A `char[255]` with a C string. Names are in hex, because they may be any bytes. */
function deviceName(hex: string): Message {
  const bytes = hexBytes(hex);
  return message()
    .bytes(bytes)
    .zeros(255 - bytes.length);
}

/** The same as libvotequorum sends it: behind the NUL is whatever was in its memory. */
function deviceNameSent(hex: string): Message {
  const bytes = hexBytes(hex);
  return message()
    .bytes(bytes)
    .zeros(1)
    .pad(254 - bytes.length);
}

/** struct req_lib_votequorum_getinfo */
export function reqVotequorumGetinfo({ nodeId }: { readonly nodeId: number }): Message {
  return requestHeader(0, 24).u32(nodeId).pad(4).at(24);
}

/** struct req_lib_votequorum_setexpected */
export function reqVotequorumSetexpected({ votes }: { readonly votes: number }): Message {
  return requestHeader(1, 24).u32(votes).pad(4).at(24);
}

export interface ReqVotequorumSetvotes {
  readonly nodeId: number;
  readonly votes: number;
}

/** struct req_lib_votequorum_setvotes */
export function reqVotequorumSetvotes({ nodeId, votes }: ReqVotequorumSetvotes): Message {
  return requestHeader(2, 24).u32(votes).at(20).u32(nodeId).at(24);
}

export interface ReqVotequorumTrackstart {
  readonly context: string;
  readonly flags: number;
}

/** struct req_lib_votequorum_trackstart */
export function reqVotequorumTrackstart({ context, flags }: ReqVotequorumTrackstart): Message {
  return requestHeader(3, 32).u64(BigInt(context)).at(24).u32(flags).pad(4).at(32);
}

export interface ReqVotequorumName {
  readonly name: string;
}

/** struct req_lib_votequorum_qdevice_register */
export function reqVotequorumQdeviceRegister({ name }: ReqVotequorumName): Message {
  return requestHeader(5, 272).bytes(deviceNameSent(name)).at(271).pad(1).at(272);
}

/** struct req_lib_votequorum_qdevice_unregister */
export function reqVotequorumQdeviceUnregister({ name }: ReqVotequorumName): Message {
  return requestHeader(6, 272).bytes(deviceNameSent(name)).at(271).pad(1).at(272);
}

export interface ReqVotequorumUpdate {
  readonly oldName: string;
  readonly newName: string;
}

/** struct req_lib_votequorum_qdevice_update */
export function reqVotequorumQdeviceUpdate({ oldName, newName }: ReqVotequorumUpdate): Message {
  return requestHeader(7, 528)
    .at(16)
    .bytes(deviceNameSent(oldName))
    .at(271)
    .bytes(deviceNameSent(newName))
    .at(526)
    .pad(2)
    .at(528);
}

export interface ReqVotequorumPoll extends ReqVotequorumName {
  readonly castVote: number;
  readonly ringId: RingIdFields;
}

/** struct req_lib_votequorum_qdevice_poll */
export function reqVotequorumQdevicePoll(fields: ReqVotequorumPoll): Message {
  return requestHeader(8, 296)
    .bytes(deviceNameSent(fields.name))
    .at(271)
    .pad(1)
    .at(272)
    .i32(fields.castVote)
    .pad(4)
    .at(280)
    .bytes(ringId(fields.ringId))
    .at(296);
}

export interface ReqVotequorumMasterWins extends ReqVotequorumName {
  readonly allow: number;
}

/** struct req_lib_votequorum_qdevice_master_wins */
export function reqVotequorumQdeviceMasterWins({ name, allow }: ReqVotequorumMasterWins): Message {
  return requestHeader(9, 280).bytes(deviceNameSent(name)).at(271).pad(1).at(272).u32(allow).pad(4).at(280);
}

/** struct req_lib_votequorum_set_qdevice_extra_info, with 4 unused bytes behind the bytes. */
export function reqVotequorumSetExtraInfo({ info }: { readonly info: string }): Message {
  const bytes = hexBytes(info);
  return requestHeader(10, 24 + bytes.length)
    .u32(bytes.length)
    .at(20)
    .bytes(bytes)
    .pad(4);
}

/** struct req_lib_votequorum_get_qdevice_extra_info */
export function reqVotequorumGetExtraInfo({ nodeId }: { readonly nodeId: number }): Message {
  return requestHeader(11, 24).u32(nodeId).pad(4).at(24);
}

export interface ResVotequorumGetinfo extends ResError {
  readonly nodeId: number;
  readonly state: number;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly highestExpected: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly flags: number;
  readonly qdeviceVotes: number;
  /** All 255 bytes where the answer is an error, for they are anything then. */
  readonly qdeviceName: string;
}

/** struct res_lib_votequorum_getinfo */
export function resVotequorumGetinfo(fields: ResVotequorumGetinfo): Message {
  return responseHeader(1, 320, fields.error)
    .at(24)
    .u32(fields.nodeId)
    .at(28)
    .u32(fields.state)
    .at(32)
    .u32(fields.votes)
    .at(36)
    .u32(fields.expectedVotes)
    .at(40)
    .u32(fields.highestExpected)
    .at(44)
    .u32(fields.totalVotes)
    .at(48)
    .u32(fields.quorum)
    .at(52)
    .u32(fields.flags)
    .at(56)
    .u32(fields.qdeviceVotes)
    .at(60)
    .bytes(deviceName(fields.qdeviceName))
    .at(315)
    .pad(5)
    .at(320);
}

/** struct res_lib_votequorum_get_qdevice_extra_info, with 4 unused bytes behind the bytes. */
export function resVotequorumGetExtraInfo({ error, info }: ResError & { readonly info: string }): Message {
  const bytes = hexBytes(info);
  return responseHeader(6, 32 + bytes.length, error)
    .u32(bytes.length)
    .at(28)
    .bytes(bytes)
    .pad(4);
}

export interface VotequorumQuorumNotification {
  readonly quorate: number;
  readonly context: string;
  readonly nodes: readonly { readonly nodeId: number; readonly state: number }[];
}

/** struct res_lib_votequorum_quorum_notification */
export function resVotequorumQuorumNotification(fields: VotequorumQuorumNotification): Message {
  const { quorate, context, nodes } = fields;
  const list = nodes.reduce((all, { nodeId, state }) => all.u32(nodeId).u32(state), message());
  return responseHeader(3, 48 + 8 * nodes.length, 1)
    .u32(quorate)
    .pad(4)
    .at(32)
    .u64(BigInt(context))
    .at(40)
    .u32(nodes.length)
    .pad(4)
    .at(48)
    .bytes(list);
}

export interface VotequorumExpectedVotes {
  readonly context: string;
  readonly expectedVotes: number;
}

/** struct res_lib_votequorum_expectedvotes_notification */
export function resVotequorumExpectedvotes({ context, expectedVotes }: VotequorumExpectedVotes): Message {
  return responseHeader(4, 40, 1).u64(BigInt(context)).at(32).u32(expectedVotes).pad(4).at(40);
}

export interface VotequorumNodelist {
  readonly context: string;
  readonly ringId: RingIdFields;
  readonly members: readonly number[];
}

/** struct res_lib_votequorum_nodelist_notification */
export function resVotequorumNodelistNotification(fields: VotequorumNodelist): Message {
  const { context, members } = fields;
  return responseHeader(5, 56 + 4 * members.length, 1)
    .u64(BigInt(context))
    .at(32)
    .bytes(ringId(fields.ringId))
    .at(48)
    .u32(members.length)
    .pad(4)
    .at(56)
    .bytes(nodeIds(members));
}

export interface VotequorumExtraInfo {
  readonly context: string;
  readonly nodeId: number;
  readonly info: string;
}

/** struct res_lib_votequorum_qdevice_extra_info_notification */
export function resVotequorumExtraInfoNotification({ context, nodeId, info }: VotequorumExtraInfo): Message {
  const bytes = hexBytes(info);
  return responseHeader(7, 48 + bytes.length, 1)
    .u64(BigInt(context))
    .at(32)
    .u32(nodeId)
    .pad(4)
    .at(40)
    .u32(bytes.length)
    .pad(4)
    .at(48)
    .bytes(bytes);
}
