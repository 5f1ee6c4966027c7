import { resolveConnectOptions } from '../../cmap/index.ts';
import type { ConnectOptions } from '../../index.ts';
import { asUsage } from '../as-usage.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { checkConnection } from '../doctor/check-connection.ts';
import { checkCorosync } from '../doctor/check-corosync.ts';
import { checkNamespaces } from '../doctor/check-namespaces.ts';
import { checkPermission } from '../doctor/check-permission.ts';
import { checkProcess } from '../doctor/check-process.ts';
import { checkSharedMemory } from '../doctor/check-shared-memory.ts';
import { checkSocket } from '../doctor/check-socket.ts';
import { checkUidgidFiles } from '../doctor/check-uidgid-files.ts';
import { checkVersions } from '../doctor/check-versions.ts';
import { ok, problem, type Finding, type Remark } from '../doctor/finding.ts';
import { findingLine, findingText } from '../doctor/print.ts';
import { lookAround, type Surroundings } from '../doctor/surroundings.ts';
import { SystemFiles } from '../doctor/system-files.ts';
import { version } from '../version.ts';

const DEFAULT_TIMEOUT_MS = 5000;

/** Says what this process sees of corosync. Only reads, and connects once; a get that works is exit code 0. */
export async function doctor(context: CommandContext): Promise<number> {
  const { operands, settings } = context;
  if (operands.length > 0) throw new UsageError('doctor takes no arguments');
  const timeoutMs = settings.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const attempt: ConnectOptions = { ...settings, timeoutMs, tryAgainAttempts: 0 };
  const options = asUsage(() => resolveConnectOptions(attempt));
  const user = { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 };
  const surroundings = lookAround(new SystemFiles(), options, user);
  const seen = look(surroundings);
  await print(seen, context);
  const { remarks, works } = await checkConnection(() => context.connect(attempt), options.map, surroundings);
  const tried = under('connection', remarks);
  await print([...tried, verdict(works, [...seen, ...tried])], context);
  return works ? EXIT.ok : EXIT.failed;
}

function look(surroundings: Surroundings): Finding[] {
  const { version: node, platform, arch } = process;
  return [
    ...under('process', checkProcess(surroundings, { version: version(), node, platform, arch })),
    ...under('corosync', checkCorosync(surroundings)),
    ...under('versions', [checkVersions(surroundings)]),
    ...under('socket', [checkSocket(surroundings)]),
    ...under('namespaces', checkNamespaces(surroundings)),
    ...under('shared memory', checkSharedMemory(surroundings)),
    ...under('permission', [checkPermission(surroundings), ...checkUidgidFiles(surroundings)]),
  ];
}

function under(check: string, remarks: readonly Remark[]): Finding[] {
  return remarks.map((remark) => ({ check, ...remark }));
}

function verdict(works: boolean, findings: readonly Finding[]): Finding {
  const problems = findings.filter(({ level }) => level === 'problem').length;
  if (!works)
    return { check: 'verdict', ...problem(`this process cannot use corosync; problems: ${problems}`) };
  const others = problems === 0 ? '' : `; other problems: ${problems}`;
  return { check: 'verdict', ...ok(`this process can use corosync${others}`) };
}

async function print(findings: readonly Finding[], { options, output }: CommandContext): Promise<void> {
  for (const finding of findings) {
    await output.write(options.json === true ? findingLine(finding) : findingText(finding));
  }
}
