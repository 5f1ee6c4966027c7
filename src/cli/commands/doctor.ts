import { resolveCmapOptions } from '../../cmap/index.ts';
import type { CmapConnectOptions } from '../../index.ts';
import { asUsage } from '../arguments/as-usage.ts';
import type { CliClient, CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import {
  checkConnection,
  type Attempt,
  type ConnectionCheck,
} from '../doctor/connection/check-connection.ts';
import { reasonNotToConnect } from '../doctor/connection/danger.ts';
import { checkNodePermissions } from '../doctor/checks/node-permissions.ts';
import { examine } from '../doctor/examine.ts';
import { ok, problem, under, type Finding, type Remark } from '../doctor/finding.ts';
import { findingLine, findingText } from '../doctor/print.ts';
import { SHARED_MEMORY, lookAround, type User } from '../doctor/surroundings.ts';
import { SystemFiles } from '../doctor/system/system-files.ts';
import { version } from '../version.ts';

const DEFAULT_TIMEOUT_MS = 5000;

/** Says what this process sees of corosync. Only reads, and connects once; a get that works is exit code 0. */
export async function doctor(context: CommandContext): Promise<number> {
  const { operands, settings } = context;
  if (operands.length > 0) throw new UsageError('doctor takes no arguments');
  const timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const attempt: CmapConnectOptions = { ...settings, timeoutMs, tryAgainAttempts: 0 };
  const options = asUsage(() => resolveCmapOptions(attempt));
  const directory = options.sharedMemoryDirectory ?? SHARED_MEMORY;
  const barred = under('process', checkNodePermissions(process.permission, directory));
  if (barred.length > 0) {
    await print(barred, context);
    return conclude(barred, false, context);
  }
  const surroundings = lookAround(new SystemFiles(), options, currentUser());
  const { version: node, platform, arch } = process;
  const seen = examine(surroundings, { version: version(), node, platform, arch });
  await print(seen, context);
  const connect = (): Promise<CliClient> => context.connect(attempt);
  const { remarks, works } = await tryIt({ connect, map: options.map, surroundings }, seen);
  const tried = under('connection', remarks);
  await print(tried, context);
  return conclude([...seen, ...tried], works, context);
}

/** Where there are no such calls, doctor says that it has to be Linux. */
function currentUser(): User {
  const { getuid, getgid, geteuid, getegid, getgroups } = process;
  return {
    effective: { uid: geteuid?.() ?? -1, gid: getegid?.() ?? -1 },
    real: { uid: getuid?.() ?? -1, gid: getgid?.() ?? -1 },
    groups: getgroups?.() ?? [],
  };
}

async function tryIt(attempt: Omit<Attempt, 'seen'>, findings: readonly Finding[]): Promise<ConnectionCheck> {
  const danger = reasonNotToConnect(findings, attempt.surroundings);
  if (danger !== undefined) return { works: false, remarks: [danger] };
  return checkConnection({ ...attempt, seen: findings.flatMap(({ id }) => id ?? []) });
}

async function conclude(
  findings: readonly Finding[],
  works: boolean,
  context: CommandContext,
): Promise<number> {
  await print(under('verdict', [verdict(findings, works)]), context);
  return works ? EXIT.ok : EXIT.failed;
}

function verdict(findings: readonly Finding[], works: boolean): Remark {
  const problems = findings.filter(({ level }) => level === 'problem').length;
  if (!works) return problem('unusable', `this process cannot use corosync; problems: ${problems}`);
  const others = problems === 0 ? '' : `; other problems: ${problems}`;
  return ok(`this process can use corosync${others}`);
}

async function print(findings: readonly Finding[], { options, output }: CommandContext): Promise<void> {
  for (const finding of findings) {
    await output.write(options.json === true ? findingLine(finding) : findingText(finding));
  }
}
