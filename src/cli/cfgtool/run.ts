import type { ByteString } from '../drop-in/bytes.ts';
import { runTool } from '../drop-in/run-tool.ts';
import { Connections, type ServicesEnvironment } from '../drop-in/services.ts';
import { errorNumber, ToolFailure } from '../drop-in/tool-failure.ts';
import { connectCfg } from '../drop-in/connect-cfg.ts';
import { parseArguments, type CfgtoolOptions } from './options.ts';

/** Runs the drop-in for corosync-cfgtool 3.1.7. Returns its exit code. */
export function runCfgtool(words: readonly ByteString[], environment: ServicesEnvironment): Promise<number> {
  return runTool(environment, async () => {
    const parsed = parseArguments(words, environment.posixlyCorrect);
    if (parsed.kind === 'error') throw new ToolFailure(parsed.message);
    const connections = new Connections();
    try {
      return await perform(parsed.options, environment, connections);
    } finally {
      await connections.close();
    }
  });
}

/** Each action is loaded when it is needed: most runs need one, and starting up is most of their time. */
async function perform(
  options: CfgtoolOptions,
  environment: ServicesEnvironment,
  connections: Connections,
): Promise<number> {
  const { action, brief } = options;
  switch (action.name) {
    case 'help':
      environment.write((await import('./help.ts')).CFGTOOL_HELP);
      return 0;
    case 'links':
      await showLinks(brief, environment, connections);
      return 0;
    case 'nodes':
      await showNodes(environment, connections);
      return 0;
    case 'addresses':
      await showAddresses(action.nodeId, environment, connections);
      return 0;
    case 'reload':
      return (await import('./change.ts')).reload(environment, connections);
    case 'reopen':
      return (await import('./change.ts')).reopen(environment, connections);
    case 'kill':
      return (await import('./change.ts')).kill(action.nodeId, options, environment, connections);
    case 'shutdown':
      return (await import('./change.ts')).shutdown(options, environment, connections);
  }
}

async function showLinks(
  brief: boolean,
  environment: ServicesEnvironment,
  connections: Connections,
): Promise<void> {
  const { readLinks } = await import('./links.ts');
  const { headline, linksText } = await import('./print.ts');
  const links = await readLinks(environment, connections);
  environment.write(headline(links));
  for (const { nodeId, status } of links.nodes) {
    if (!(status instanceof Error)) continue;
    environment.complain(
      `Could not get the node status for nodeid ${nodeId | 0}, the error is: ${errorNumber(status)}`,
    );
  }
  environment.write(linksText(links, brief));
}

async function showNodes(environment: ServicesEnvironment, connections: Connections): Promise<void> {
  const { readLinks } = await import('./links.ts');
  const { headline, nodesText } = await import('./print.ts');
  const links = await readLinks(environment, connections);
  environment.write(headline(links) + nodesText(links));
}

async function showAddresses(
  nodeId: number,
  environment: ServicesEnvironment,
  connections: Connections,
): Promise<void> {
  const cfg = await connectCfg(environment, connections);
  try {
    const addresses = await cfg.nodeAddresses(nodeId);
    environment.write(`${addresses.join(' ')}\n`);
  } catch {
    throw new ToolFailure(`Could not get node address for nodeid ${nodeId | 0}`);
  }
}
