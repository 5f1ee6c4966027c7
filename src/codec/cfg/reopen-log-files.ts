import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cfg_reopen_log_files (16)         struct res_lib_cfg_reopen_log_files (24)
 */
export class ReopenLogFilesRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_reopen_log_files';
  readonly requestId = CFG_REQUEST_ID.reopenLogFiles;
  readonly responseId = CFG_RESPONSE_ID.reopenLogFiles;
  readonly changes = true;
  readonly hints = { CS_ERR_NOT_EXIST: 'a directory of a log file is gone' } as const;
  readonly size = 16;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(): void {
    // The header has said it all.
  }
}
