import { RESPONSE_HEADER_SIZE } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeName } from './name.ts';
import { TRACK_BITS } from './track.ts';
import { decodeValue, isIntegerType, MAX_STORED_LENGTH, UNSET_TYPE_CODE, type CmapValue } from './value.ts';

/** What happened to a tracked key. */
export type CmapChange = 'add' | 'delete' | 'modify';

export interface NotificationMessage {
  readonly key: string;
  readonly change: CmapChange;
  /** `undefined`: the key was deleted. */
  readonly newValue: CmapValue | undefined;
  /** `undefined`: the key was not there, or corosync does not tell what it was. */
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

/** With the largest values that there are. */
export const LARGEST_NOTIFICATION = FIXED_SIZE + 2 * MAX_STORED_LENGTH;

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
  const raw: RawChange = {
    change: changeOf(event.i32(296)),
    newType: event.u8(304),
    oldType: event.u8(312),
  };
  return {
    key: decodeName(event, 32),
    change: raw.change,
    newValue: newIsUnset(raw) ? undefined : decodeValue(event, FIXED_SIZE, raw.newType, newLength),
    oldValue: oldIsUnset(raw)
      ? undefined
      : decodeValue(event, FIXED_SIZE + newLength, raw.oldType, oldLength),
  };
}

interface RawChange {
  readonly change: CmapChange;
  readonly newType: number;
  readonly oldType: number;
}

/**
 * Type 0 is no sure sign of a value that is not there: corosync also stores values of type 0 (ICMAP_VALUETYPE_NOT_EXIST) for
 * clients that set them. The event tells the two apart.
 */
function newIsUnset({ change, newType }: RawChange): boolean {
  return newType === UNSET_TYPE_CODE && change === 'delete';
}

/** corosync leaves out the old value where it counts up a number of its own, in place; that leaves its type as it was. */
function oldIsUnset({ change, newType, oldType }: RawChange): boolean {
  if (oldType !== UNSET_TYPE_CODE) return false;
  return change === 'add' || (change === 'modify' && isIntegerType(newType));
}

function changeOf(code: number): CmapChange {
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
