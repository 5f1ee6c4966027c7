import type { CommandContext, CommandFunction } from '../command.ts';
import { UsageError } from '../exit-codes.ts';

const VERBS: ReadonlyMap<string, () => Promise<CommandFunction>> = new Map([
  ['listen', async () => (await import('./listen.ts')).listen],
  ['send', async () => (await import('./send.ts')).send],
  ['groups', async () => (await import('./queries.ts')).groups],
  ['members', async () => (await import('./queries.ts')).members],
]);

/** What is done with process groups is the first operand. */
export async function cpg(context: CommandContext): Promise<number> {
  const verb = context.operands[0] ?? '';
  const load = VERBS.get(verb);
  if (load === undefined) throw new UsageError(`cpg needs one of ${[...VERBS.keys()].join(', ')}`);
  checkOptions(verb, context);
  return (await load())(context);
}

function checkOptions(verb: string, { options }: CommandContext): void {
  if (options.binary === true && verb !== 'send') throw new UsageError('--binary is for cpg send');
  if (options.json === true && verb === 'send')
    throw new UsageError('cpg send prints nothing; leave --json out');
  if (options.pid !== undefined && verb !== 'send' && verb !== 'listen')
    throw new UsageError('--pid is for cpg listen and cpg send');
}
