import type { CommandContext } from '../command.ts';
import { UsageError } from '../exit-codes.ts';

const UINT32_MAX = 0xffff_ffff;
/** Bytes of a name that can be joined; other programs have joined groups of longer ones. */
const MAX_NAME = 127;

/** The group's name, whose bytes need not be UTF-8, and what follows it. */
export function groupAndRest({ operands, rawOperands }: CommandContext): {
  readonly group: Uint8Array;
  readonly rest: readonly string[];
} {
  const [, name, ...rest] = rawOperands;
  if (name === undefined) throw new UsageError(`cpg ${operands[0] ?? ''} needs the name of a group`);
  return { group: Buffer.from(name, 'latin1'), rest };
}

/** The same for a group to join. */
export function groupToJoin(context: CommandContext): ReturnType<typeof groupAndRest> {
  const found = groupAndRest(context);
  const { length } = found.group;
  if (length >= 1 && length <= MAX_NAME) return found;
  throw new UsageError(`the name of a group has 1 to ${MAX_NAME} bytes, not ${length}`);
}

/** Where nothing may follow it. */
export function only(
  { group, rest }: ReturnType<typeof groupAndRest>,
  { operands }: CommandContext,
): Uint8Array {
  if (rest.length > 0) throw new UsageError(`cpg ${operands[0] ?? ''} takes one group`);
  return group;
}

/** The value of --pid. */
export function pidOption({ options }: CommandContext): number | undefined {
  if (typeof options.pid !== 'string') return undefined;
  if (/^\d{1,10}$/.test(options.pid) && Number(options.pid) <= UINT32_MAX) return Number(options.pid);
  throw new UsageError(`--pid takes a whole number from 0 to ${UINT32_MAX}, not ${options.pid}`);
}
