import { decodeResponseHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeGroup, type CpgGroupName } from './group-name.ts';
import { CPG_RESPONSE_ID } from './ids.ts';

/**
 * Which event it is, and so who decodes it: decodeDelivery, decodePartialDelivery, decodeConfchg, decodeTotemConfchg. They are
 * apart because a message and a fragment are not copied before it is known what becomes of them.
 */
export type CpgEventKind = 'deliver' | 'partial-deliver' | 'confchg' | 'totem-confchg';

/**
 * `undefined`: corosync defines no event of this id; a newer one may. The header's error is not looked at: in deliveries it means
 * nothing.
 */
export function cpgEventKind(event: MessageReader): CpgEventKind | undefined {
  switch (decodeResponseHeader(event).id) {
    case CPG_RESPONSE_ID.deliverCallback:
      return 'deliver';
    case CPG_RESPONSE_ID.partialDeliverCallback:
      return 'partial-deliver';
    case CPG_RESPONSE_ID.confchgCallback:
      return 'confchg';
    case CPG_RESPONSE_ID.totemConfchgCallback:
      return 'totem-confchg';
    default:
      return undefined;
  }
}

/** The group of any event but `'totem-confchg'`. */
export function decodeEventGroup(event: MessageReader): CpgGroupName {
  return decodeGroup(event, 24);
}
