import { decodeResponseHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import {
  decodeExpectedVotesNotification,
  type VotequorumExpectedVotesNotification,
} from './expected-votes-notification.ts';
import {
  decodeExtraInfoNotification,
  type VotequorumExtraInfoNotification,
} from './extra-info-notification.ts';
import { VOTEQUORUM_RESPONSE_ID } from './ids.ts';
import { decodeNodelistNotification, type VotequorumNodelistNotification } from './nodelist-notification.ts';
import { decodeQuorumNotification, type VotequorumQuorumNotification } from './quorum-notification.ts';

export type VotequorumEvent =
  | VotequorumQuorumNotification
  | VotequorumNodelistNotification
  | VotequorumExpectedVotesNotification
  | VotequorumExtraInfoNotification;

/** `undefined`: corosync defines no event of this id; a newer one may. */
export function decodeVotequorumEvent(event: MessageReader): VotequorumEvent | undefined {
  switch (decodeResponseHeader(event).id) {
    case VOTEQUORUM_RESPONSE_ID.quorumNotification:
      return decodeQuorumNotification(event);
    case VOTEQUORUM_RESPONSE_ID.expectedVotesNotification:
      return decodeExpectedVotesNotification(event);
    case VOTEQUORUM_RESPONSE_ID.nodelistNotification:
      return decodeNodelistNotification(event);
    case VOTEQUORUM_RESPONSE_ID.qdeviceExtraInfoNotification:
      return decodeExtraInfoNotification(event);
    default:
      return undefined;
  }
}
