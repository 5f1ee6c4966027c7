import { nodeIds, ringId, type RingIdFields } from './lists.ts';
import { hexBytes, message, requestHeader, responseHeader, type Message, type ResError } from './message.ts';

/** mar_cpg_name_t: what is behind the name's length means nothing. Names are in hex, because they may be any bytes. */
function groupName(hex: string): Message {
  const bytes = hexBytes(hex);
  return message()
    .u32(bytes.length)
    .pad(4)
    .at(8)
    .bytes(bytes)
    .pad(128 - bytes.length)
    .at(136);
}

/** The 24 bytes of a response header, of which a client that sends a message sets those of a request header. */
function mcastHeader(id: number, size: number): Message {
  return requestHeader(id, size).pad(8).at(24);
}

export interface ReqCpgMember {
  readonly group: string;
  readonly pid: number;
}

/** struct req_lib_cpg_join */
export function reqCpgJoin({ group, pid, flags }: ReqCpgMember & { readonly flags: number }): Message {
  return requestHeader(0, 168)
    .bytes(groupName(group))
    .at(152)
    .u32(pid)
    .pad(4)
    .at(160)
    .u32(flags)
    .pad(4)
    .at(168);
}

/** struct req_lib_cpg_leave */
export function reqCpgLeave({ group, pid }: ReqCpgMember): Message {
  return requestHeader(1, 160).bytes(groupName(group)).at(152).u32(pid).pad(4).at(160);
}

export interface ReqCpgMcast {
  readonly guarantee: number;
  readonly bytes: string;
}

/** struct req_lib_cpg_mcast */
export function reqCpgMcast({ guarantee, bytes }: ReqCpgMcast): Message {
  const content = hexBytes(bytes);
  return mcastHeader(2, 40 + content.length)
    .u32(guarantee)
    .pad(4)
    .at(32)
    .u32(content.length)
    .pad(4)
    .at(40)
    .bytes(content);
}

export interface FragmentFields {
  readonly messageLength: number;
  /** 1 first, 2 continued, 3 last */
  readonly part: number;
  readonly bytes: string;
}

/** struct req_lib_cpg_partial_mcast */
export function reqCpgPartialMcast(fields: FragmentFields & { readonly guarantee: number }): Message {
  const content = hexBytes(fields.bytes);
  return mcastHeader(12, 56 + content.length)
    .u32(fields.guarantee)
    .pad(4)
    .at(32)
    .u32(fields.messageLength)
    .pad(4)
    .at(40)
    .u32(content.length)
    .pad(4)
    .at(48)
    .u32(fields.part)
    .pad(4)
    .at(56)
    .bytes(content);
}

/** struct req_lib_cpg_membership_get */
export function reqCpgMembershipGet({ group }: { readonly group: string }): Message {
  return requestHeader(3, 152).bytes(groupName(group)).at(152);
}

export interface ReqCpgIteration {
  /** 1 names, 2 one group, 3 all */
  readonly type: number;
  /** Without one, corosync does not look at the name. */
  readonly group?: string;
}

/** struct req_lib_cpg_iterationinitialize */
export function reqCpgIterationInitialize({ type, group }: ReqCpgIteration): Message {
  return requestHeader(5, 160)
    .bytes(group === undefined ? message().pad(136) : groupName(group))
    .at(152)
    .u32(type)
    .pad(4)
    .at(160);
}

/** Handles are decimal numbers in text, because JSON has no 64-bit integers. */
export interface CpgHandle {
  readonly handle: string;
}

/** struct req_lib_cpg_iterationnext */
export function reqCpgIterationNext({ handle }: CpgHandle): Message {
  return requestHeader(6, 24).u64(BigInt(handle)).at(24);
}

/** struct req_lib_cpg_iterationfinalize */
export function reqCpgIterationFinalize({ handle }: CpgHandle): Message {
  return requestHeader(7, 24).u64(BigInt(handle)).at(24);
}

export interface AddressFields {
  readonly nodeId: number;
  readonly pid: number;
  /** Not there: it means nothing. */
  readonly reason?: number;
}

/** mar_cpg_address_t */
function address({ nodeId, pid, reason }: AddressFields): Message {
  const start = message().u32(nodeId).pad(4).at(8).u32(pid).pad(4).at(16);
  return (reason === undefined ? start.pad(4) : start.u32(reason)).pad(4).at(24);
}

function addresses(list: readonly AddressFields[]): Message {
  return list.reduce((all, each) => all.bytes(address(each)), message());
}

export interface ResCpgMembership extends ResError {
  readonly members: readonly AddressFields[];
}

/** struct res_lib_cpg_membership_get; entries behind the last one are whatever was there before. */
export function resCpgMembershipGet({ error, members }: ResCpgMembership): Message {
  return responseHeader(3, 9248, error)
    .u32(members.length)
    .pad(4)
    .at(32)
    .bytes(addresses(members))
    .pad(24 * (384 - members.length))
    .at(9248);
}

/** struct res_lib_cpg_local_get */
export function resCpgLocalGet({ error, nodeId }: ResError & { readonly nodeId: number }): Message {
  return responseHeader(7, 32, error).u32(nodeId).pad(4).at(32);
}

/** struct res_lib_cpg_iterationinitialize */
export function resCpgIterationInitialize({ error, handle }: ResError & CpgHandle): Message {
  return responseHeader(9, 32, error).u64(BigInt(handle)).at(32);
}

export interface ResCpgIterationNext extends ResError {
  readonly group: string;
  readonly nodeId: number;
  readonly pid: number;
}

/** struct res_lib_cpg_iterationnext */
export function resCpgIterationNext({ error, group, nodeId, pid }: ResCpgIterationNext): Message {
  return responseHeader(10, 168, error).bytes(groupName(group)).at(160).u32(nodeId).at(164).u32(pid).at(168);
}

/** The same with an error, when the rest is whatever was there before. */
export function resCpgIterationNextError({ error }: ResError): Message {
  return responseHeader(10, 168, error).pad(144).at(168);
}

/** Events of messages have an error that means nothing. */
function eventHeader(id: number, size: number): Message {
  return message().i32(id).pad(4).at(8).i32(size).pad(4).at(16).pad(8).at(24);
}

export interface CpgMessageFields extends ReqCpgMember {
  readonly nodeId: number;
  readonly bytes: string;
}

/** struct res_lib_cpg_deliver_callback */
export function resCpgDeliver({ group, nodeId, pid, bytes }: CpgMessageFields): Message {
  const content = hexBytes(bytes);
  return eventHeader(5, 184 + content.length)
    .bytes(groupName(group))
    .at(160)
    .u32(content.length)
    .pad(4)
    .at(168)
    .u32(nodeId)
    .pad(4)
    .at(176)
    .u32(pid)
    .pad(4)
    .at(184)
    .bytes(content);
}

/** struct res_lib_cpg_partial_deliver_callback */
export function resCpgPartialDeliver(fields: CpgMessageFields & FragmentFields): Message {
  const content = hexBytes(fields.bytes);
  return eventHeader(17, 200 + content.length)
    .bytes(groupName(fields.group))
    .at(160)
    .u32(fields.messageLength)
    .pad(4)
    .at(168)
    .u32(content.length)
    .pad(4)
    .at(176)
    .u32(fields.nodeId)
    .pad(4)
    .at(184)
    .u32(fields.pid)
    .pad(4)
    .at(192)
    .u32(fields.part)
    .pad(4)
    .at(200)
    .bytes(content);
}

export interface CpgConfchgFields {
  readonly group: string;
  readonly members: readonly AddressFields[];
  readonly left: readonly AddressFields[];
  readonly joined: readonly AddressFields[];
}

/** struct res_lib_cpg_confchg_callback: the counts are of members, joined, left; the entries are members, left, joined. */
export function resCpgConfchg({ group, members, left, joined }: CpgConfchgFields): Message {
  return responseHeader(4, 184 + 24 * (members.length + left.length + joined.length), 1)
    .bytes(groupName(group))
    .at(160)
    .u32(members.length)
    .pad(4)
    .at(168)
    .u32(joined.length)
    .pad(4)
    .at(176)
    .u32(left.length)
    .pad(4)
    .at(184)
    .bytes(addresses([...members, ...left, ...joined]));
}

export interface CpgTotemConfchgFields {
  readonly ringId: RingIdFields;
  readonly members: readonly number[];
}

/** struct res_lib_cpg_totem_confchg_callback, with 4 unused bytes behind the list. */
export function resCpgTotemConfchg(fields: CpgTotemConfchgFields): Message {
  const { members } = fields;
  return responseHeader(13, 48 + 4 * members.length, 1)
    .bytes(ringId(fields.ringId))
    .at(40)
    .u32(members.length)
    .at(44)
    .bytes(nodeIds(members))
    .pad(4);
}
