import { CMAP_RESPONSE_ID } from '../../codec/cmap/ids.ts';
import type { MessageWriter } from '../../codec/message-writer.ts';
import type { CsErrorName } from '../../errors/index.ts';
import { response } from '../service/response.ts';
import type { KeyInfo, StoredValue } from './cmap-store.ts';

/*
 * corosync's answers and notifications. The layouts stand over the classes in src/codec that decode them.
 */

/** @param room bytes that the client asked for: an answer has them, whatever the value's length */
export function getResponse(room: number, value: StoredValue): Buffer {
  const writer = response(CMAP_RESPONSE_ID.get, 40 + room, 'CS_OK');
  writer.size(24, value.bytes.length);
  writer.u8(32, value.type);
  writer.copy(40, value.bytes.subarray(0, room));
  return writer.bytes;
}

/** An answer that failed has its struct's size all the same. */
export function getFailedResponse(error: CsErrorName): Buffer {
  return response(CMAP_RESPONSE_ID.get, 40, error).bytes;
}

/** Answers that carry one handle. */
export function handleResponse(id: number, error: CsErrorName, handle: bigint): Buffer {
  const writer = response(id, 32, error);
  writer.u64(24, handle);
  return writer.bytes;
}

export function iterNextResponse(error: CsErrorName, info: KeyInfo | undefined): Buffer {
  const writer = response(CMAP_RESPONSE_ID.iterNext, 304, error);
  if (info === undefined) return writer.bytes;
  writeName(writer, 24, info.key);
  writer.size(288, info.length);
  writer.u8(296, info.type);
  return writer.bytes;
}

export interface Notification {
  readonly trackInstHandle: bigint;
  readonly key: string;
  /** One of TRACK_BITS. */
  readonly event: number;
  readonly newValue: StoredValue | undefined;
  readonly oldValue: StoredValue | undefined;
}

export function notification({ trackInstHandle, key, event, newValue, oldValue }: Notification): Buffer {
  const [newBytes, oldBytes] = [newValue?.bytes ?? Buffer.alloc(0), oldValue?.bytes ?? Buffer.alloc(0)];
  const size = 336 + newBytes.length + oldBytes.length;
  const writer = response(CMAP_RESPONSE_ID.notifyCallback, size, 'CS_OK');
  writer.u64(24, trackInstHandle);
  writeName(writer, 32, key);
  writer.i32(296, event);
  writer.u8(304, newValue?.type ?? 0);
  writer.u8(312, oldValue?.type ?? 0);
  writer.size(320, newBytes.length);
  writer.size(328, oldBytes.length);
  writer.copy(336, newBytes);
  writer.copy(336 + newBytes.length, oldBytes);
  return writer.bytes;
}

function writeName(writer: MessageWriter, offset: number, name: string): void {
  writer.u16(offset, name.length);
  writer.latin1(offset + 8, name);
}
