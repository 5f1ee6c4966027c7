import type { CommandContext } from '../command.ts';
import { UsageError } from '../exit-codes.ts';

const UINT32_MAX = 0xffff_ffff;

/** The group's name, whose bytes need not be UTF-8, and what follows it. */
export function groupAndRest({ operands, rawOperands }: CommandContext): {
  readonly group: Uint8Array;
  readonly rest: readonly string[];
} {
  const [, name, ...rest] = rawOperands;
  if (name === undefined) throw new UsageError(`cpg ${operands[0] ?? ''} needs the name of a group`);
  return { group: Buffer.from(name, 'latin1'), rest };
}

/** Where nothing may follow it. */
export function onlyGroup(context: CommandContext): Uint8Array {
  const { group, rest } = groupAndRest(context);
  if (rest.length > 0) throw new UsageError(`cpg ${context.operands[0] ?? ''} takes one group`);
  return group;
}

/** The value of --pid. */
export function pidOption({ options }: CommandContext): number | undefined {
  if (typeof options.pid !== 'string') return undefined;
  if (/^\d{1,10}$/.test(options.pid) && Number(options.pid) <= UINT32_MAX) return Number(options.pid);
  throw new UsageError(`--pid takes a whole number from 0 to ${UINT32_MAX}, not ${options.pid}`);
}
