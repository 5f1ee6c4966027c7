import type { ClusterState } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { ConnectFailure, UsageError } from '../exit-codes.ts';
import { explain, explainConnecting } from '../printing/explain.ts';
import { checkLine } from '../status/check-line.ts';
import { configFileRemarks, configFileTrouble } from '../status/config-file.ts';
import { LEVELS, remarks, SUBJECTS, worst, type Remark, type Subject } from '../status/verdict.ts';

/** Whoever runs plugins gives up after some seconds. */
const DEFAULT_TIMEOUT_MS = 5000;

/** Looks once, and says how the cluster is as a plugin of Nagios does: a line, and an exit code from 0 to 3. */
export async function check(context: CommandContext): Promise<number> {
  return checkSubject(context, subjectOf(context.operands));
}

/** The same of all. */
export async function checkSubject(context: CommandContext, subject: Subject): Promise<number> {
  const { options, output } = context;
  const ignoreLeftNodes = options['ignore-left-nodes'] === true;
  const [state, trouble] = await Promise.all([stateOrRemark(context), configFileTrouble(options)]);
  const found =
    'level' in state
      ? [state]
      : remarks(state, subject, { ignoreLeftNodes, others: configFileRemarks(state, trouble) });
  if (options.quiet !== true) await output.write(checkLine(found, 'level' in state ? undefined : state));
  return LEVELS.indexOf(worst(found));
}

async function stateOrRemark(context: CommandContext): Promise<ClusterState | Remark> {
  try {
    return await context.clusterState({ timeoutMs: context.settings.timeoutMs ?? DEFAULT_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const text = error instanceof ConnectFailure ? explainConnecting(error.cause) : explain(error);
    return { level: 'unknown', text };
  }
}

export function subjectOf([given = 'all', ...more]: readonly string[]): Subject {
  const subject = SUBJECTS.find((known) => known === given);
  if (subject !== undefined && more.length === 0) return subject;
  throw new UsageError(`check takes one of ${SUBJECTS.join(', ')}, not ${[given, ...more].join(' ')}`);
}
