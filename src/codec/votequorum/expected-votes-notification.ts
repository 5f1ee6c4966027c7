import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';

/** Expected votes have been set, to the same number perhaps. */
export interface VotequorumExpectedVotesNotification {
  readonly type: 'expected-votes';
  /** The one of the request that began the tracking. */
  readonly context: bigint;
  readonly expectedVotes: number;
}

/*
 * struct res_lib_votequorum_expectedvotes_notification (40)
 *    0  struct qb_ipc_response_header  id expectedVotesNotification
 *   24  u64  context
 *   32  u32  expected_votes
 */
export function decodeExpectedVotesNotification(event: MessageReader): VotequorumExpectedVotesNotification {
  expectSize(event, 40);
  return { type: 'expected-votes', context: event.u64(24), expectedVotes: event.u32(32) };
}
