import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cfg_reload_config (16)            struct res_lib_cfg_reload_config (24)
 * Answered when this node has read its file, after all nodes have been told to.
 */
export class ReloadConfigRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_reload_config';
  readonly requestId = CFG_REQUEST_ID.reloadConfig;
  readonly responseId = CFG_RESPONSE_ID.reloadConfig;
  readonly answer = 'later';
  readonly changes = true;
  /** Keys of the map come and go. */
  readonly turn = 'change';
  readonly hints = {
    CS_ERR_INVALID_PARAM:
      'corosync.conf of this node has a mistake, which the log of corosync names; until a reload succeeds, votequorum takes up no change of the map',
  } as const;
  readonly size = 16;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(): void {
    // The header has said it all.
  }
}
