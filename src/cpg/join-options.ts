import { CALL_RULES, type CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { callable, object } from '../options/rules.ts';
import type { CpgEvent } from './cpg-events.ts';
import {
  groupName,
  MEMBER_DEFAULTS,
  MEMBER_RULES,
  resolveMember,
  type CpgMemberOptions,
  type MemberOptions,
} from './member-options.ts';

/** How to join, and how long to wait for it. */
export interface CpgJoinOptions extends CpgMemberOptions, CallOptions {
  /** Called for each event in the turn in which it arrives. Without one, `events()` gives them to a loop. */
  readonly listener?: ((event: CpgEvent) => void) | undefined;
}

const joinRule = object<CpgJoinOptions, typeof MEMBER_DEFAULTS>(
  'join',
  { ...MEMBER_RULES, ...CALL_RULES, listener: callable() },
  { defaults: MEMBER_DEFAULTS },
);

/**
 * @returns what the group needs, and the call's own options
 * @throws CsError CS_ERR_INVALID_PARAM: a name that no group can have, or an option
 */
export function resolveJoin(
  group: string | Uint8Array,
  options: CpgJoinOptions,
): {
  readonly member: MemberOptions;
  readonly call: CallOptions;
  readonly listener: CpgJoinOptions['listener'];
} {
  const name = groupName(group);
  const { listener, timeoutMs, signal, ...member } = checkOptions(
    { operation: 'cpg_join' },
    options,
    joinRule,
  );
  return { member: resolveMember(name, member), call: { timeoutMs, signal }, listener };
}
