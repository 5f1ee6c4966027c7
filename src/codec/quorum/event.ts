import { decodeResponseHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import { QUORUM_RESPONSE_ID } from './ids.ts';
import { decodeV0Notification, type QuorumV0Notification } from './notification.ts';
import { decodeNodelistNotification, type QuorumNodelistNotification } from './v1-nodelist-notification.ts';
import { decodeQuorumNotification, type QuorumNotification } from './v1-quorum-notification.ts';

export type QuorumEvent = QuorumV0Notification | QuorumNotification | QuorumNodelistNotification;

/** `undefined`: corosync defines no event of this id; a newer one may. */
export function decodeQuorumEvent(event: MessageReader): QuorumEvent | undefined {
  switch (decodeResponseHeader(event).id) {
    case QUORUM_RESPONSE_ID.notification:
      return decodeV0Notification(event);
    case QUORUM_RESPONSE_ID.v1QuorumNotification:
      return decodeQuorumNotification(event);
    case QUORUM_RESPONSE_ID.v1NodelistNotification:
      return decodeNodelistNotification(event);
    default:
      return undefined;
  }
}
