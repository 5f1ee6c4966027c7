import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/**
 * corosync_cfg_shutdown_flags_t: whether those who track shutdowns are asked and heard (`'request'`), told and not heard
 * (`'regardless'`), or not even told (`'immediate'`).
 */
export type CfgShutdownKind = 'request' | 'regardless' | 'immediate';

/** COROSYNC_CFG_SHUTDOWN_FLAG_* */
const SHUTDOWN_FLAGS: Readonly<Record<CfgShutdownKind, number>> = {
  request: 0,
  regardless: 1,
  immediate: 2,
};
const SHUTDOWN_KINDS = Object.keys(SHUTDOWN_FLAGS) as readonly CfgShutdownKind[];

/** A number is one that corosync does not define. */
export function shutdownKind(flags: number): CfgShutdownKind | number {
  return SHUTDOWN_KINDS[flags] ?? flags;
}

/*
 * struct req_lib_cfg_tryshutdown (24)              struct res_lib_cfg_tryshutdown (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  flags
 * Answered when all who track shutdowns have replied, or have had `cfg.shutdown_timeout` milliseconds (5,000) to do so. A second
 * request on the connection is answered before the first, with the same id.
 */
export class TryShutdownRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_try_shutdown';
  readonly requestId = CFG_REQUEST_ID.tryShutdown;
  readonly responseId = CFG_RESPONSE_ID.tryShutdown;
  readonly answer = 'later';
  readonly changes = true;
  readonly hints = {
    CS_ERR_BUSY: 'another program refused, or did not reply in time',
    CS_ERR_EXIST: 'another shutdown is under way',
  } as const;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #flags: number;

  constructor(kind: CfgShutdownKind) {
    this.#flags = SHUTDOWN_FLAGS[kind];
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#flags);
  }

  decode(): void {
    // The header has said it all.
  }
}
