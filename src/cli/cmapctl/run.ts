import type { ByteString } from '../drop-in/bytes.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { runTool } from '../drop-in/run-tool.ts';
import { ToolFailure, errorText, ownMistake } from '../drop-in/tool-failure.ts';
import { parseArguments, type CmapctlOptions } from './options.ts';
import type { PrintStyle } from './print-value.ts';

/** Runs the drop-in for corosync-cmapctl 3.1.7. Returns its exit code: 0, or 1 for whatever went wrong. */
export async function runCmapctl(words: readonly ByteString[], environment: Environment): Promise<number> {
  return runTool(environment, () => run(words, environment));
}

async function run(words: readonly ByteString[], environment: Environment): Promise<number> {
  const parsed = parseArguments(words, environment.posixlyCorrect);
  if (parsed.kind === 'help') {
    environment.write((await import('./help.ts')).CMAPCTL_HELP);
    return 0;
  }
  if (parsed.kind === 'error') throw new ToolFailure(parsed.message);
  const client = await connect(parsed.options, environment);
  try {
    return await perform(client, parsed.options, environment);
  } finally {
    await client.close();
  }
}

async function connect({ map }: CmapctlOptions, environment: Environment): Promise<CmapctlClient> {
  try {
    return await environment.connect(map);
  } catch (error) {
    throw new ToolFailure(
      `Failed to initialize the cmap API. Error ${ownMistake(error) ?? errorText(error)}`,
    );
  }
}

/** Each action is loaded when it is needed: most runs need one, and starting up is most of their time. */
async function perform(
  client: CmapctlClient,
  options: CmapctlOptions,
  environment: Environment,
): Promise<number> {
  const { action, operands, map } = options;
  const style: PrintStyle = { ...options, signedChar: environment.signedChar };
  switch (action.name) {
    case 'print-prefix':
      return (await import('./print-prefix.ts')).printPrefixes(client, operands, style, environment);
    case 'get':
      await (await import('./key-actions.ts')).getKeys(client, operands, style, environment);
      return 0;
    case 'delete':
      await (await import('./key-actions.ts')).deleteKeys(client, operands);
      return 0;
    case 'delete-prefix':
      await deletePrefixes(client, operands, environment);
      return 0;
    case 'clear-stats':
      await (await import('./key-actions.ts')).clearStatistics(client, action.clear);
      return 0;
    case 'load':
      await (await import('./load.ts')).loadSettings(client, { file: action.file, map }, environment);
      return 0;
    case 'set':
      await set(client, operands, environment);
      return 0;
    case 'track':
      await (await import('./track.ts')).trackChanges(client, options, style, environment);
      return 0;
  }
}

async function deletePrefixes(
  client: CmapctlClient,
  prefixes: readonly ByteString[],
  environment: Environment,
): Promise<void> {
  const { deletePrefix } = await import('./key-actions.ts');
  for (const prefix of prefixes) await deletePrefix(client, prefix, environment);
}

async function set(
  client: CmapctlClient,
  [key, type, value]: readonly ByteString[],
  environment: Environment,
): Promise<void> {
  if (key === undefined || type === undefined || value === undefined) {
    throw new ToolFailure('At least 3 parameters are expected for set');
  }
  await (await import('./set-key.ts')).setKey(client, { key, type, value }, environment);
}
