import { checkOptions } from '../options/check-options.ts';
import { callable, object, type RulesOf } from '../options/rules.ts';
import { ipcOptions, type ConnectOptions } from '../service/index.ts';
import { sessionRules, type BackOffOptions, type SessionOptions } from '../session/index.ts';
import { CPG_SERVICE } from './connect-options.ts';
import type { CpgGroupEvent } from './group-events.ts';
import {
  groupName,
  MEMBER_DEFAULTS,
  MEMBER_RULES,
  resolveMember,
  type CpgMemberOptions,
  type MemberOptions,
} from './member-options.ts';

/** How to be a member of a group, how to reach corosync, and how hard to try. */
export interface CpgGroupOptions extends Omit<SessionOptions, 'access'>, CpgMemberOptions {
  /** Called for each event in the turn in which it arrives. Without one, `events()` gives them to a loop. */
  readonly listener?: ((event: CpgGroupEvent) => void) | undefined;
}

interface ResolvedGroupOptions {
  /** Of connecting. */
  readonly connect: ConnectOptions;
  readonly timeoutMs: number;
  readonly backOff: BackOffOptions | undefined;
  readonly member: MemberOptions;
  readonly listener: ((event: CpgGroupEvent) => void) | undefined;
}

const { socketName, socketDirectory, sharedMemoryDirectory, bufferSize, timeoutMs, backOff } =
  sessionRules(CPG_SERVICE);
const GROUP_RULES: RulesOf<CpgGroupOptions> = {
  ...MEMBER_RULES,
  listener: callable(),
  socketName,
  socketDirectory,
  sharedMemoryDirectory,
  bufferSize,
  timeoutMs,
  backOff,
};
const groupRule = object<CpgGroupOptions, typeof MEMBER_DEFAULTS>('a group', GROUP_RULES, {
  defaults: MEMBER_DEFAULTS,
});

/** @throws CsError CS_ERR_INVALID_PARAM: no group can have such a name, or an option is wrong */
export function resolveGroup(group: string | Uint8Array, options: CpgGroupOptions): ResolvedGroupOptions {
  const name = groupName(group);
  const checked = checkOptions({ operation: 'session' }, options, groupRule);
  const { listener, socketName, socketDirectory, sharedMemoryDirectory, bufferSize } = checked;
  const connect = {
    socketName,
    socketDirectory,
    sharedMemoryDirectory,
    bufferSize,
    timeoutMs: checked.timeoutMs,
  };
  return {
    connect,
    timeoutMs: ipcOptions(connect, CPG_SERVICE).timeoutMs,
    backOff: checked.backOff,
    member: resolveMember(name, checked),
    listener,
  };
}
