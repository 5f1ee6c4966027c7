import { hexBytes, message, requestHeader, responseHeader, type Message, type ResError } from './message.ts';

/** mar_name_t as libcmap and corosync fill it for cmap: the length does not count the NUL. */
function name(key: string): Message {
  const value = Buffer.from(key, 'latin1');
  return message()
    .u16(value.length)
    .pad(6)
    .at(8)
    .bytes(value)
    .zeros(256 - value.length)
    .at(264);
}

export interface ReqSet {
  readonly key: string;
  readonly type: number;
  readonly value: string;
}

/** struct req_lib_cmap_set */
export function reqCmapSet({ key, type, value }: ReqSet): Message {
  const bytes = hexBytes(value);
  return requestHeader(0, 296 + bytes.length)
    .at(16)
    .bytes(name(key))
    .at(280)
    .u64(bytes.length)
    .at(288)
    .u8(type)
    .pad(7)
    .at(296)
    .bytes(bytes);
}

export interface ReqKey {
  readonly key: string;
}

/** struct req_lib_cmap_delete */
export function reqCmapDelete({ key }: ReqKey): Message {
  return requestHeader(1, 280).bytes(name(key)).at(280);
}

export interface ReqGet {
  readonly key: string;
  /** Of the caller's buffer. */
  readonly valueLength: number;
}

/** struct req_lib_cmap_get */
export function reqCmapGet({ key, valueLength }: ReqGet): Message {
  return requestHeader(2, 288).bytes(name(key)).at(280).u64(valueLength).at(288);
}

export interface ReqAdjust {
  readonly key: string;
  readonly step: number;
}

/** struct req_lib_cmap_adjust_int */
export function reqCmapAdjustInt({ key, step }: ReqAdjust): Message {
  return requestHeader(3, 288).bytes(name(key)).at(280).i32(step).pad(4).at(288);
}

export interface ReqIterInit {
  readonly prefix: string;
}

/** struct req_lib_cmap_iter_init */
export function reqCmapIterInit({ prefix }: ReqIterInit): Message {
  return requestHeader(4, 280).bytes(name(prefix)).at(280);
}

/** Handles are decimal numbers in text, because JSON has no 64-bit integers. */
export interface ReqIter {
  readonly iterHandle: string;
}

/** struct req_lib_cmap_iter_next */
export function reqCmapIterNext({ iterHandle }: ReqIter): Message {
  return requestHeader(5, 24).u64(BigInt(iterHandle)).at(24);
}

/** struct req_lib_cmap_iter_finalize */
export function reqCmapIterFinalize({ iterHandle }: ReqIter): Message {
  return requestHeader(6, 24).u64(BigInt(iterHandle)).at(24);
}

export interface ReqTrackAdd {
  readonly key: string;
  readonly trackType: number;
  readonly trackInstHandle: string;
}

/** struct req_lib_cmap_track_add */
export function reqCmapTrackAdd({ key, trackType, trackInstHandle }: ReqTrackAdd): Message {
  return requestHeader(7, 296)
    .bytes(name(key))
    .at(280)
    .i32(trackType)
    .pad(4)
    .at(288)
    .u64(BigInt(trackInstHandle))
    .at(296);
}

export interface ReqTrackDelete {
  readonly trackHandle: string;
}

/** struct req_lib_cmap_track_delete */
export function reqCmapTrackDelete({ trackHandle }: ReqTrackDelete): Message {
  return requestHeader(8, 24).u64(BigInt(trackHandle)).at(24);
}

export interface ReqSetCurrentMap {
  readonly map: number;
}

/** struct req_lib_cmap_set_current_map */
export function reqCmapSetCurrentMap({ map }: ReqSetCurrentMap): Message {
  return requestHeader(9, 24).i32(map).pad(4).at(24);
}

export interface ResGet extends ResError {
  /** Of the value that is there, not of the bytes that follow. */
  readonly valueLength: number;
  readonly type: number;
  /** As many bytes as were asked for, the value first. */
  readonly value: string;
}

/** struct res_lib_cmap_get */
export function resCmapGet({ error, valueLength, type, value }: ResGet): Message {
  const bytes = hexBytes(value);
  return responseHeader(2, 40 + bytes.length, error)
    .at(24)
    .u64(valueLength)
    .at(32)
    .u8(type)
    .pad(7)
    .at(40)
    .bytes(bytes);
}

export interface ResIterInit extends ResError {
  readonly iterHandle: string;
}

/** struct res_lib_cmap_iter_init */
export function resCmapIterInit({ error, iterHandle }: ResIterInit): Message {
  return responseHeader(4, 32, error).u64(BigInt(iterHandle)).at(32);
}

export interface ResIterNext extends ResError {
  readonly key: string;
  readonly valueLength: number;
  readonly type: number;
}

/** struct res_lib_cmap_iter_next */
export function resCmapIterNext({ error, key, valueLength, type }: ResIterNext): Message {
  return responseHeader(5, 304, error)
    .bytes(name(key))
    .at(288)
    .u64(valueLength)
    .at(296)
    .u8(type)
    .pad(7)
    .at(304);
}

export interface ResTrackAdd extends ResError {
  readonly trackHandle: string;
}

/** struct res_lib_cmap_track_add */
export function resCmapTrackAdd({ error, trackHandle }: ResTrackAdd): Message {
  return responseHeader(7, 32, error).u64(BigInt(trackHandle)).at(32);
}

export interface ResTrackDelete extends ResError {
  readonly trackInstHandle: string;
}

/** struct res_lib_cmap_track_delete */
export function resCmapTrackDelete({ error, trackInstHandle }: ResTrackDelete): Message {
  return responseHeader(8, 32, error).u64(BigInt(trackInstHandle)).at(32);
}

export interface NotifyCallback {
  readonly trackInstHandle: string;
  readonly key: string;
  readonly event: number;
  readonly newType: number;
  readonly newValue: string;
  readonly oldType: number;
  readonly oldValue: string;
}

/** struct res_lib_cmap_notify_callback; both values follow it, the new one first and nothing between them. */
export function resCmapNotifyCallback(notification: NotifyCallback): Message {
  const newValue = hexBytes(notification.newValue);
  const oldValue = hexBytes(notification.oldValue);
  return responseHeader(9, 336 + newValue.length + oldValue.length, 1)
    .at(24)
    .u64(BigInt(notification.trackInstHandle))
    .at(32)
    .bytes(name(notification.key))
    .at(296)
    .i32(notification.event)
    .pad(4)
    .at(304)
    .u8(notification.newType)
    .pad(7)
    .at(312)
    .u8(notification.oldType)
    .pad(7)
    .at(320)
    .u64(newValue.length)
    .at(328)
    .u64(oldValue.length)
    .at(336)
    .bytes(newValue)
    .bytes(oldValue);
}
