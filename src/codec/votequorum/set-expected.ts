import { u32Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { EXPECTED_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_setexpected (24)       struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  expected_votes
 * Answered before it has happened: all nodes are told first.
 */
export class SetExpectedRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_setexpected';
  readonly requestId = VOTEQUORUM_REQUEST_ID.setExpected;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = EXPECTED_HINTS;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #expectedVotes: number;

  constructor(expectedVotes: number) {
    this.#expectedVotes = u32Field(this.operation, 'expected votes', expectedVotes);
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#expectedVotes);
  }

  decode(): void {
    // The header has said it all.
  }
}
