import { hexBytes, message, requestHeader, responseHeader, type Message, type ResError } from './message.ts';

/** A `char[size]` with a C string, and behind its NUL whatever was there before. */
function cString(text: string, size: number): Message {
  const bytes = Buffer.from(text);
  return message()
    .bytes(bytes)
    .zeros(1)
    .pad(size - bytes.length - 1);
}

export interface ReqCfgKillnode {
  readonly nodeId: number;
  readonly reason: string;
}

/** struct req_lib_cfg_killnode, whose reason is a cs_name_t */
export function reqCfgKillnode({ nodeId, reason }: ReqCfgKillnode): Message {
  return requestHeader(2, 288)
    .u32(nodeId)
    .pad(4)
    .at(24)
    .u16(Buffer.byteLength(reason) + 1)
    .at(26)
    .bytes(cString(reason, 256))
    .at(282)
    .pad(6)
    .at(288);
}

/** struct req_lib_cfg_tryshutdown */
export function reqCfgTryshutdown({ flags }: { readonly flags: number }): Message {
  return requestHeader(3, 24).u32(flags).pad(4).at(24);
}

/** struct req_lib_cfg_replytoshutdown */
export function reqCfgReplytoshutdown({ response }: { readonly response: number }): Message {
  return requestHeader(4, 24).u32(response).pad(4).at(24);
}

/** struct req_lib_cfg_get_node_addrs */
export function reqCfgGetNodeAddrs({ nodeId }: { readonly nodeId: number }): Message {
  return requestHeader(5, 24).u32(nodeId).pad(4).at(24);
}

export interface ReqCfgNodestatusget {
  readonly nodeId: number;
  readonly version: number;
}

/** struct req_lib_cfg_nodestatusget */
export function reqCfgNodestatusget({ nodeId, version }: ReqCfgNodestatusget): Message {
  return requestHeader(9, 32).u32(nodeId).pad(4).at(24).u32(version).pad(4).at(32);
}

/** struct req_lib_cfg_trackstart */
export function reqCfgTrackstart({ flags }: { readonly flags: number }): Message {
  return requestHeader(10, 24).u8(flags).pad(7).at(24);
}

export interface ResCfgRingstatusget extends ResError {
  readonly interfaces: readonly { readonly name: string; readonly status: string }[];
}

/** struct res_lib_cfg_ringstatusget; entries behind the last one are whatever was there before. */
export function resCfgRingstatusget({ error, interfaces }: ResCfgRingstatusget): Message {
  const names = interfaces.reduce((all, { name }) => all.bytes(cString(name, 128)), message());
  const states = interfaces.reduce((all, { status }) => all.bytes(cString(status, 512)), message());
  const rest = 16 - interfaces.length;
  return responseHeader(0, 10_272, error)
    .u32(interfaces.length)
    .pad(4)
    .at(32)
    .bytes(names)
    .pad(128 * rest)
    .at(2080)
    .bytes(states)
    .pad(512 * rest)
    .at(10_272);
}

export interface LinkFields {
  readonly enabled: number;
  readonly connected: number;
  readonly dynconnected: number;
  readonly mtu: number;
  readonly source: string;
  readonly destination: string;
}

/** struct corosync_knet_link_status_v1 */
function linkStatus(link: LinkFields): Message {
  return message()
    .u8(link.enabled)
    .u8(link.connected)
    .u8(link.dynconnected)
    .pad(1)
    .at(4)
    .u32(link.mtu)
    .at(8)
    .bytes(cString(link.source, 256))
    .at(264)
    .bytes(cString(link.destination, 256))
    .at(520);
}

export interface ResCfgNodestatusget extends ResError {
  readonly version: number;
  readonly nodeId: number;
  readonly reachable: number;
  readonly remote: number;
  readonly external: number;
  readonly onwireMin: number;
  readonly onwireMax: number;
  readonly onwireVersion: number;
  /** All 8. */
  readonly links: readonly LinkFields[];
}

/** struct res_lib_cfg_nodestatusget_v1 */
export function resCfgNodestatusgetV1(fields: ResCfgNodestatusget): Message {
  return responseHeader(16, 4200, fields.error)
    .at(24)
    .u32(fields.version)
    .at(28)
    .u32(fields.nodeId)
    .at(32)
    .u8(fields.reachable)
    .u8(fields.remote)
    .u8(fields.external)
    .u8(fields.onwireMin)
    .u8(fields.onwireMax)
    .u8(fields.onwireVersion)
    .pad(2)
    .at(40)
    .bytes(fields.links.reduce((all, link) => all.bytes(linkStatus(link)), message()))
    .at(4200);
}

/** struct res_lib_cfg_nodestatusget_version: only answers with an error have its size, and then its field is anything. */
export function resCfgNodestatusgetVersion({ error }: ResError): Message {
  return responseHeader(16, 32, error).pad(8).at(32);
}

export interface ResCfgGetNodeAddrs extends ResError {
  readonly family: number;
  /** In hex, 4 or 16 bytes each. */
  readonly addresses: readonly string[];
  /** Of all links, also of those whose address is not there. */
  readonly links: number;
}

/** struct res_lib_cfg_get_node_addrs */
export function resCfgGetNodeAddrs({ error, family, addresses, links }: ResCfgGetNodeAddrs): Message {
  const padded = (address: string): Message =>
    message()
      .bytes(hexBytes(address))
      .pad(16 - address.length / 2);
  return responseHeader(11, 32 + 16 * links, error)
    .u32(family)
    .at(28)
    .u32(addresses.length)
    .at(32)
    .bytes(addresses.reduce((all, address) => all.bytes(padded(address)), message()))
    .pad(16 * (links - addresses.length));
}

/** The same with an error, when the rest is whatever was there before. */
export function resCfgGetNodeAddrsError({ error }: ResError): Message {
  return responseHeader(11, 32, error).pad(8).at(32);
}

/** struct res_lib_cfg_local_get */
export function resCfgLocalGet({ error, nodeId }: ResError & { readonly nodeId: number }): Message {
  return responseHeader(12, 32, error).u32(nodeId).pad(4).at(32);
}

/** struct res_lib_cfg_testshutdown */
export function resCfgTestshutdown({ error, flags }: ResError & { readonly flags: number }): Message {
  return responseHeader(10, 32, error).u32(flags).pad(4).at(32);
}
