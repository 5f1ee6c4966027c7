import { RESPONSE_HEADER_SIZE } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeName } from './name.ts';
import { TRACK_BITS } from './track.ts';
import { decodeValue, UNSET_TYPE_CODE, type CmapValue } from './value.ts';

/** What happened to a tracked key. */
export type CmapEventType = 'add' | 'delete' | 'modify';

export interface NotificationMessage {
  readonly key: string;
  readonly event: CmapEventType;
  /** `undefined` where corosync sends type 0: there is no such value. */
  readonly newValue: CmapValue | undefined;
  readonly oldValue: CmapValue | undefined;
}

/*
 * struct res_lib_cmap_notify_callback (336 + new value + old value)
 *    0  struct qb_ipc_response_header  id notifyCallback
 *   24  u64  track_inst_handle
 *   32  mar_name_t  key_name
 *  296  i32  event
 *  304  u8   new_value_type
 *  312  u8   old_value_type
 *  320  u64  new_value_len
 *  328  u64  old_value_len
 *  336  u8   new_value[], and the old value right behind it, unaligned
 */
const FIXED_SIZE = 336;

/** Whose notification this is: one for a tracker that is gone needs no decoding. */
export function decodeTrackInstHandle(event: MessageReader): bigint {
  return event.u64(RESPONSE_HEADER_SIZE);
}

/** All but the handle. */
export function decodeNotification(event: MessageReader): NotificationMessage {
  const newLength = event.size(320);
  const oldLength = event.size(328);
  if (FIXED_SIZE + newLength + oldLength !== event.length) {
    throw malformed(
      `notification of ${event.length} bytes states values of ${newLength} and ${oldLength} bytes`,
    );
  }
  return {
    key: decodeName(event, 32),
    event: eventType(event.i32(296)),
    newValue: optionalValue(event, FIXED_SIZE, event.u8(304), newLength),
    oldValue: optionalValue(event, FIXED_SIZE + newLength, event.u8(312), oldLength),
  };
}

function optionalValue(
  event: MessageReader,
  offset: number,
  typeCode: number,
  length: number,
): CmapValue | undefined {
  return typeCode === UNSET_TYPE_CODE ? undefined : decodeValue(event, offset, typeCode, length);
}

function eventType(code: number): CmapEventType {
  switch (code) {
    case TRACK_BITS.add:
      return 'add';
    case TRACK_BITS.modify:
      return 'modify';
    case TRACK_BITS.delete:
      return 'delete';
    default:
      throw malformed(`notification has unknown event ${code}`);
  }
}
