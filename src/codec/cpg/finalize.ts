import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { FINALIZE_HINTS } from './hints.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cpg_finalize (16)                 struct res_lib_cpg_finalize (24)
 * The last request of a connection: who joins after it gets no event.
 */
export class FinalizeRequest implements RequestMessage<void> {
  readonly operation = 'cpg_finalize';
  readonly requestId = CPG_REQUEST_ID.finalize;
  readonly responseId = CPG_RESPONSE_ID.finalize;
  readonly changes = true;
  readonly hints = FINALIZE_HINTS;
  readonly size = 16;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(): void {
    // The header has said it all.
  }
}
