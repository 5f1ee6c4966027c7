import { CALL_RULES, type CallOptions } from '../../options/call-options.ts';
import { checkArgument, checkOptions } from '../../options/check-options.ts';
import { boolean, object, textOrBytes } from '../../options/rules.ts';

/** How a message is sent, and how long to wait for it. */
export interface CpgMcastOptions extends CallOptions {
  /** Resolve when the message has come back from the group: all earlier messages of anybody, and changes of members, have come before it. Default false. */
  readonly delivered?: boolean | undefined;
}

const SUBJECT = { operation: 'cpg_mcast_joined' } as const;
const mcastRule = object<CpgMcastOptions>('mcast', { delivered: boolean, ...CALL_RULES });

/** @throws CsError CS_ERR_INVALID_PARAM */
export function resolveMcastOptions(options: CpgMcastOptions): CpgMcastOptions {
  return checkOptions(SUBJECT, options, mcastRule);
}

/** @throws CsError CS_ERR_INVALID_PARAM: it is no message */
export function bytesOfMessage(message: string | Uint8Array): Uint8Array {
  const checked = checkArgument(SUBJECT, 'message', message, textOrBytes);
  return typeof checked === 'string' ? Buffer.from(checked) : checked;
}
