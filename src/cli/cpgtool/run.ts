import { CsError } from '../../errors/index.ts';
import type { CfgReader, CpgReader } from '../cluster/connector.ts';
import type { ByteString } from '../drop-in/bytes.ts';
import { connectCfg } from '../drop-in/connect-cfg.ts';
import { runTool } from '../drop-in/run-tool.ts';
import { Connections, type ServicesEnvironment } from '../drop-in/services.ts';
import { errorNumber, ToolFailure } from '../drop-in/tool-failure.ts';
import { parseArguments, type CpgtoolOptions } from './options.ts';
import { headline, membersText, namesText } from './print.ts';

/** Runs the drop-in for corosync-cpgtool 3.1.7. Returns its exit code. */
export function runCpgtool(words: readonly ByteString[], environment: ServicesEnvironment): Promise<number> {
  return runTool(environment, async () => {
    const parsed = parseArguments(words, environment.posixlyCorrect);
    if (parsed.kind === 'error') throw new ToolFailure(parsed.message);
    if (parsed.kind === 'run') await show(parsed.options, environment);
    else environment.write((await import('./help.ts')).CPGTOOL_HELP);
    return 0;
  });
}

async function show(options: CpgtoolOptions, environment: ServicesEnvironment): Promise<void> {
  const connections = new Connections();
  try {
    const cpg = await connections.open(
      environment.connect.cpg,
      (error) => `Could not initialize corosync cpg API error ${errorNumber(error)}`,
    );
    const cfg = await connectCfg(environment, connections);
    if (options.namesOnly) environment.write(namesText(await cpg.groups().catch(fail), options));
    else await showMembers(cpg, cfg, options, environment);
  } finally {
    await connections.close();
  }
}

async function showMembers(
  cpg: CpgReader,
  cfg: CfgReader,
  options: CpgtoolOptions,
  environment: ServicesEnvironment,
): Promise<void> {
  const members = await cpg.allMembers().catch((error: unknown) => {
    if (!hasNotBegun(error)) environment.write(headline(options));
    return fail(error);
  });
  const addresses = new Map<number, ByteString>();
  if (options.delimiter === '')
    for (const { nodeId } of members)
      if (!addresses.has(nodeId)) addresses.set(nodeId, await addressesOf(cfg, nodeId));
  environment.write(headline(options) + membersText(members, addresses, options));
}

function fail(error: unknown): never {
  const what = hasNotBegun(error) ? 'Cannot initialize cpg iterator error' : 'cpg iteration error';
  throw new ToolFailure(`${what} ${errorNumber(error)}`);
}

function hasNotBegun(error: unknown): boolean {
  return error instanceof CsError && error.operation === 'cpg_iteration_initialize';
}

/** Nothing, where corosync does not tell them. */
async function addressesOf(cfg: CfgReader, nodeId: number): Promise<ByteString> {
  return (await cfg.nodeAddresses(nodeId).catch(() => [])).join(' ');
}
