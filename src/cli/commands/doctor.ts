import { resolveCmapOptions } from '../../cmap/index.ts';
import type { CmapConnectOptions } from '../../index.ts';
import { asUsage } from '../as-usage.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { checkConnection } from '../doctor/connection/check-connection.ts';
import { examine } from '../doctor/examine.ts';
import { ok, problem, under, type Finding } from '../doctor/finding.ts';
import { findingLine, findingText } from '../doctor/print.ts';
import { lookAround } from '../doctor/surroundings.ts';
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
  const user = { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 };
  const surroundings = lookAround(new SystemFiles(), options, user);
  const { version: node, platform, arch } = process;
  const seen = examine(surroundings, { version: version(), node, platform, arch });
  await print(seen, context);
  const { remarks, works } = await checkConnection(() => context.connect(attempt), options.map, surroundings);
  const tried = under('connection', remarks);
  await print([...tried, verdict(works, [...seen, ...tried])], context);
  return works ? EXIT.ok : EXIT.failed;
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
