import { u32Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { VOTES_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_setvotes (24)          struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  votes
 *   20  i32  nodeid, 0: the quorum device
 * Answered before it has happened: all nodes are told first.
 */
export class SetVotesRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_setvotes';
  readonly requestId = VOTEQUORUM_REQUEST_ID.setVotes;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = VOTES_HINTS;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #nodeId: number;
  readonly #votes: number;

  constructor(nodeId: number, votes: number) {
    this.#nodeId = u32Field(this.operation, 'node id', nodeId);
    this.#votes = u32Field(this.operation, 'votes', votes);
  }

  get key(): string {
    return `node ${this.#nodeId}`;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#votes);
    into.u32(20, this.#nodeId);
  }

  decode(): void {
    // The header has said it all.
  }
}
