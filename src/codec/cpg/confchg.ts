import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { ADDRESS_SIZE, decodeAddresses, decodeChanges, type CpgAddress, type CpgChange } from './address.ts';
import { decodeGroup, type CpgGroupName } from './group-name.ts';

/** A change of a group's members. */
export interface CpgConfchg extends CpgGroupName {
  /** All who are in the group now. */
  readonly members: readonly CpgAddress[];
  readonly joined: readonly CpgChange[];
  readonly left: readonly CpgChange[];
}

/*
 * struct res_lib_cpg_confchg_callback (184 + 24 an entry of any list)
 *    0  struct qb_ipc_response_header  id confchgCallback
 *   24  mar_cpg_name_t  group_name
 *  160  u32  member_list_entries
 *  168  u32  joined_list_entries
 *  176  u32  left_list_entries
 *  184  mar_cpg_address_t  member_list[]; then those who left; then those who joined
 */
const FIXED_SIZE = 184;

export function decodeConfchg(event: MessageReader): CpgConfchg {
  const [members, joined, left] = [event.u32(160), event.u32(168), event.u32(176)];
  expectSize(event, FIXED_SIZE + ADDRESS_SIZE * (members + joined + left));
  const leftAt = FIXED_SIZE + ADDRESS_SIZE * members;
  const joinedAt = leftAt + ADDRESS_SIZE * left;
  return {
    ...decodeGroup(event, 24),
    members: decodeAddresses(event, FIXED_SIZE, members),
    joined: decodeChanges(event, joinedAt, joined),
    left: decodeChanges(event, leftAt, left),
  };
}
