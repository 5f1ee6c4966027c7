import type { CfgUser } from '../cluster/connector.ts';
import { confirm, type Connections, type ServicesEnvironment } from '../drop-in/services.ts';
import { errorNumber, errorText, ToolFailure } from '../drop-in/tool-failure.ts';
import { connectCfg } from '../drop-in/connect-cfg.ts';
import type { CfgtoolOptions } from './options.ts';

/** -R: a failure's number is the exit code. */
export async function reload(environment: ServicesEnvironment, connections: Connections): Promise<number> {
  environment.write('Reloading corosync.conf...\n');
  const cfg = await connectCfg(environment, connections, errorText);
  await cfg.reloadConfig().catch((error: unknown) => {
    throw new ToolFailure(`Could not reload configuration. Error ${errorText(error)}`, errorNumber(error));
  });
  environment.write('Done\n');
  return 0;
}

/** -L: a failure's number is the exit code. */
export async function reopen(environment: ServicesEnvironment, connections: Connections): Promise<number> {
  const cfg = await connectCfg(environment, connections, errorText);
  await cfg.reopenLogFiles().catch((error: unknown) => {
    throw new ToolFailure(
      `Could not reopen corosync logging files. Error ${errorText(error)}`,
      errorNumber(error),
    );
  });
  return 0;
}

/** -k */
export async function kill(
  nodeId: number,
  { yes }: CfgtoolOptions,
  environment: ServicesEnvironment,
  connections: Connections,
): Promise<number> {
  await confirm(environment, `Kill node ${nodeId}? Its corosync ends at once, and it may be fenced.`, yes);
  environment.write(`Killing node ${nodeId}\n`);
  const cfg = await connectCfg(environment, connections);
  await cfg.killNode(nodeId, 'Killed by corosync-cfgtool').catch((error: unknown) => {
    throw new ToolFailure(`Could not kill node (error = ${errorText(error)})`);
  });
  return 0;
}

/** -H: the exit code is 0 all the same, as in the C tool. */
export async function shutdown(
  { force, yes }: CfgtoolOptions,
  environment: ServicesEnvironment,
  connections: Connections,
): Promise<number> {
  const whoever = force ? ', whoever is against it' : '';
  await confirm(environment, `Shut down corosync on this node${whoever}?`, yes);
  const cfg = await connectCfg(environment, connections);
  environment.write('Shutting down corosync\n');
  try {
    await tryShutdown(cfg, force);
  } catch (error) {
    environment.complain(`Could not shutdown (error = ${errorNumber(error)})`);
  }
  return 0;
}

const ATTEMPTS = 30;
const TRY_AGAIN = 6;

async function tryShutdown(cfg: CfgUser, force: boolean): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await cfg.tryShutdown(force ? 'regardless' : 'request');
      return;
    } catch (error) {
      if (errorNumber(error) !== TRY_AGAIN || attempt === ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
