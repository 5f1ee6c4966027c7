import { textField } from '../codec/encodable.ts';
import { CsError } from '../errors/index.ts';
import { checkArgument } from '../options/check-options.ts';
import { boolean, integer, textOrBytes, uint32, type Checked, type RulesOf } from '../options/rules.ts';

/** How to be a member of a group. */
export interface CpgMemberOptions {
  /**
   * The number by which the group knows this process among those of its node, 0 to 4294967295. Default: the process id. Another one is needed for
   * a second connection of a process to the same group, and in containers, whose processes may have the same id.
   */
  readonly pid?: number | undefined;
  /** Whether a `'ring'` event says at the beginning which nodes there are. Default false. */
  readonly initialRing?: boolean | undefined;
  /**
   * Bytes of our own messages that may be on their way, 4096 to 16777216, each with 200 more; one message may be, whatever its size. Default: 4194304 where
   * we are the only member, and the less the more there are, 1572864 each of three, down to 262144. At most a sixteenth of `maxQueuedBytes` counts: what is on its way
   * must find room. A large one is fast; but where many send, it makes corosync grow, and slow.
   */
  readonly windowBytes?: number | undefined;
  /**
   * Bytes of events that are kept for a reader that lags, 65536 to 1073741824. Default 67108864. From half of it on, sending nearly stops; beyond it
   * the group is left with CS_ERR_NO_SPACE.
   */
  readonly maxQueuedBytes?: number | undefined;
  /** Bytes of the largest message that is sent or received, 1048576 to 2147483647. Default 67108864. At a larger one the group is left with CS_ERR_TOO_BIG. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Bytes that messages which come in fragments, those of more than 1047552 bytes, may take together until they are complete, `maxMessageBytes` to 8589934592.
   * Default: four times `maxMessageBytes`. Beyond it the group is left with CS_ERR_TOO_BIG.
   */
  readonly maxAssemblyBytes?: number | undefined;
}

export const MEMBER_DEFAULTS = {
  initialRing: false,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxMessageBytes: 64 * 1024 * 1024,
} as const;

export const MEMBER_RULES: RulesOf<CpgMemberOptions> = {
  pid: uint32,
  initialRing: boolean,
  windowBytes: integer(4096, 16 * 1024 * 1024),
  maxQueuedBytes: integer(64 * 1024, 1024 * 1024 * 1024),
  maxMessageBytes: integer(1024 * 1024, 0x7fffffff),
  maxAssemblyBytes: integer(1024 * 1024, 8 * 1024 ** 3),
};

/** Options and name that have been checked. */
export interface MemberOptions {
  /** As errors show it. */
  readonly group: string;
  readonly name: Uint8Array;
  readonly pid: number;
  readonly initialRing: boolean;
  /** With so many members. */
  readonly windowBytes: (members: number) => number;
  readonly maxQueuedBytes: number;
  readonly maxMessageBytes: number;
  readonly maxAssemblyBytes: number;
}

/**
 * With so much, nine senders at full speed on three nodes, in one group or in a group each, keep each corosync below 150 MB, and a cmap_get beside them below
 * 0.2 s (bench row cpg-senders).
 */
const [LARGEST_WINDOW, LEAST_WINDOW, ALL_WINDOWS] = [4 * 1024 * 1024, 256 * 1024, 9 * 512 * 1024];

function defaultWindow(members: number): number {
  return Math.min(Math.max(ALL_WINDOWS / members, LEAST_WINDOW), LARGEST_WINDOW);
}

/** An unread event takes up to seven times as much as the window counts for its message, and only half of the room is left when the reader begins to lag. */
const WINDOWS_OF_EVENTS = 16;

/**
 * Fills in the defaults that depend on others.
 * @throws CsError CS_ERR_INVALID_PARAM: options that do not go together
 */
export function resolveMember(
  name: Uint8Array,
  checked: Checked<CpgMemberOptions, typeof MEMBER_DEFAULTS>,
): MemberOptions {
  const { initialRing, maxQueuedBytes, maxMessageBytes, pid = process.pid } = checked;
  const { maxAssemblyBytes = 4 * maxMessageBytes } = checked;
  if (maxAssemblyBytes < maxMessageBytes) throw tooLittleRoom(maxAssemblyBytes, maxMessageBytes);
  const windowBytes = (members: number): number =>
    Math.min(checked.windowBytes ?? defaultWindow(members), maxQueuedBytes / WINDOWS_OF_EVENTS);
  const group = Buffer.from(name).toString();
  return { group, name, pid, initialRing, windowBytes, maxQueuedBytes, maxMessageBytes, maxAssemblyBytes };
}

function tooLittleRoom(maxAssemblyBytes: number, maxMessageBytes: number): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', {
    operation: 'cpg_join',
    detail: `options.maxAssemblyBytes, ${maxAssemblyBytes}, has no room for one message of maxMessageBytes, ${maxMessageBytes}`,
  });
}

/** @throws CsError CS_ERR_INVALID_PARAM: no group can have such a name */
export function groupName(group: string | Uint8Array): Uint8Array {
  const operation = 'cpg_join';
  const given = checkArgument({ operation }, 'group', group, textOrBytes);
  return textField(operation, 'the name of the group', given, 1, 127);
}
