import type { ByteString } from '../drop-in/bytes.ts';
import { runTool } from '../drop-in/run-tool.ts';
import { Connections, type ServicesEnvironment } from '../drop-in/services.ts';
import { parseArguments, type QuorumtoolOptions } from './options.ts';
import { connectAll, type Services } from './services.ts';
import { monitor, showNodes, showStatus } from './status.ts';

/** Runs the drop-in for corosync-quorumtool 3.1.7. Returns its exit code: 0; 2 if -s finds the cluster not quorate; 1 for whatever went wrong. */
export function runQuorumtool(
  words: readonly ByteString[],
  environment: ServicesEnvironment,
): Promise<number> {
  return runTool(environment, () => run(words, environment));
}

async function run(words: readonly ByteString[], environment: ServicesEnvironment): Promise<number> {
  const parsed = parseArguments(words, environment.posixlyCorrect);
  switch (parsed.kind) {
    case 'help':
      environment.write((await import('./help.ts')).QUORUMTOOL_HELP);
      return 0;
    case 'version':
      environment.write((await import('./help.ts')).QUORUMTOOL_VERSION);
      return 0;
    case 'error':
      environment.complain(parsed.message);
      if (parsed.usage) environment.write((await import('./help.ts')).QUORUMTOOL_HELP);
      return 1;
    case 'run':
      return connected(parsed.options, environment);
  }
}

async function connected(options: QuorumtoolOptions, environment: ServicesEnvironment): Promise<number> {
  const connections = new Connections();
  try {
    return await perform(await connectAll(environment, connections), options, environment);
  } finally {
    await connections.close();
  }
}

async function perform(
  services: Services,
  options: QuorumtoolOptions,
  environment: ServicesEnvironment,
): Promise<number> {
  switch (options.action.name) {
    case 'status':
      return showStatus(services, options, environment);
    case 'nodes':
      return showNodes(services, options, environment);
    case 'monitor':
      return monitor(services, options, environment);
    case 'set-votes':
    case 'set-expected':
    case 'unregister-device':
      return (await import('./change.ts')).change(services, options.action, options, environment);
  }
}
