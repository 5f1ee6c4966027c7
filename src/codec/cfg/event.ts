import { CS_ERROR_CODES } from '../../errors/index.ts';
import { decodeResponseHeader } from '../header.ts';
import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { CFG_RESPONSE_ID } from './ids.ts';
import { shutdownKind, type CfgShutdownKind } from './try-shutdown.ts';

/** Somebody wants this corosync to shut down: it waits for a reply. */
export interface CfgShutdownEvent {
  readonly type: 'test-shutdown';
  /** A number is one that corosync does not define. */
  readonly kind: CfgShutdownKind | number;
  /** The time to reply is over. (libcfg calls back as if it were asked again.) */
  readonly timedOut: boolean;
}

/*
 * struct res_lib_cfg_testshutdown (32)
 *    0  struct qb_ipc_response_header  id testShutdown, error CS_OK, or CS_ERR_TIMEOUT when it is over
 *   24  u32  flags
 */
/** `undefined`: corosync defines no event of this id; a newer one may. */
export function decodeCfgEvent(event: MessageReader): CfgShutdownEvent | undefined {
  const { id, error } = decodeResponseHeader(event);
  if (id !== CFG_RESPONSE_ID.testShutdown) return undefined;
  expectSize(event, 32);
  return {
    type: 'test-shutdown',
    kind: shutdownKind(event.u32(24)),
    timedOut: error !== CS_ERROR_CODES.CS_OK,
  };
}
