import { escapeControls } from '../errors/index.ts';
import type {
  Cluster,
  ClusterOptions,
  ClusterSnapshotOptions,
  ClusterState,
  CmapSession,
  CmapConnectOptions,
  ConnectOptions,
  QuorumSession,
  SessionOptions,
} from '../index.ts';
import type { Connector } from './cluster/connector.ts';
import type { CliClient, Command, CommandContext } from './command.ts';
import {
  connectOptions,
  parseCommandLine,
  serviceOptions,
  splitCommandLine,
  type SplitCommandLine,
} from './arguments/command-line.ts';
import { configFileOf } from './arguments/config-file-option.ts';
import { COMMANDS } from './commands.ts';
import { DROP_INS, isDropIn, type DropInName } from './drop-in/names.ts';
import { ConnectFailure, EXIT, UsageError } from './exit-codes.ts';
import { explain, explainConnecting } from './printing/explain.ts';
import { OutputError, type Output } from './printing/output.ts';
import { fromRaw } from './arguments/raw-arguments.ts';
import { isWrongOption } from './arguments/wrong-option.ts';

/** What the command line tool touches outside, so that tests can bring their own. */
export interface CliEnvironment {
  readonly output: Output;
  /** The environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  connect(options: CmapConnectOptions): Promise<CliClient>;
  openSession(options: SessionOptions): Promise<CmapSession>;
  openQuorumSession(options: SessionOptions): Promise<QuorumSession>;
  openCluster(options: ClusterOptions): Promise<Cluster>;
  clusterState(options: ClusterSnapshotOptions): Promise<ClusterState>;
  /** Connects to the services that tell of the cluster. */
  connector(options: ConnectOptions): Connector;
  complain(line: string): void;
  /** Runs a drop-in. */
  dropIn(name: DropInName, words: readonly string[]): Promise<number>;
}

/** Runs the command line (one character per byte in each word). Returns the exit code. */
export async function runCli(words: readonly string[], environment: CliEnvironment): Promise<number> {
  try {
    const code = await run(words, environment);
    await environment.output.flush();
    return code;
  } catch (error) {
    if (error instanceof OutputError && error.isBrokenPipe) return EXIT.ok;
    complain(environment, describe(error));
    return exitCodeOf(error);
  }
}

/** Keys, names of files and what errors say may hold anything. */
function complain(environment: CliEnvironment, message: string): void {
  environment.complain(`corosync-client: ${escapeControls(message)}`);
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return `${error.message} (see corosync-client help)`;
  return error instanceof ConnectFailure ? explainConnecting(error.cause) : explain(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof ConnectFailure ? EXIT.noConnection : EXIT.failed;
}

async function run(words: readonly string[], environment: CliEnvironment): Promise<number> {
  const { before, name, after } = splitCommandLine(words);
  if (name === undefined) return runWithoutCommand(before, environment);
  if (isDropIn(name)) return runDropIn(name, { before, after }, environment);
  if (name === 'help') return printHelp(after[0], environment);
  const command = COMMANDS.get(name);
  if (command === undefined) throw new UsageError(`there is no command ${fromRaw(name)}; ${theCommands()}`);
  try {
    const { options, operands } = parseCommandLine([...before, ...after], command.options);
    if (options.help === true) return await printHelp(name, environment);
    return await runCommand(command, { options, rawOperands: operands }, environment);
  } catch (error) {
    if (command.failure === undefined || error instanceof OutputError) throw error;
    complain(environment, describe(error));
    return command.failure;
  }
}

function runDropIn(
  name: DropInName,
  { before, after }: Pick<SplitCommandLine, 'before' | 'after'>,
  environment: CliEnvironment,
): Promise<number> {
  if (before.length === 0) return environment.dropIn(name, after);
  throw new UsageError(`${name} takes the options of ${DROP_INS[name]} only; put nothing before it`);
}

async function runWithoutCommand(words: readonly string[], environment: CliEnvironment): Promise<number> {
  const { options } = parseCommandLine(words, { version: { type: 'boolean' } });
  if (options.help === true) return printHelp(undefined, environment);
  if (options.version !== true) throw new UsageError(`no command given; ${theCommands()}`);
  const { version } = await import('./version.ts');
  await environment.output.write(`${version()}\n`);
  return EXIT.ok;
}

function theCommands(): string {
  return `the commands are ${[...COMMANDS.keys(), ...Object.keys(DROP_INS)].join(', ')}`;
}

async function printHelp(topic: string | undefined, { output }: CliEnvironment): Promise<number> {
  const { helpText } = await import('./help.ts');
  await output.write(helpText(topic));
  return EXIT.ok;
}

async function runCommand(
  command: Command,
  { options, rawOperands }: Pick<CommandContext, 'options' | 'rawOperands'>,
  environment: CliEnvironment,
): Promise<number> {
  const settings = connectOptions(
    command.ownTimeout === true ? withoutTimeout(options) : options,
    environment.variables,
  );
  const forServices = (): ConnectOptions => serviceOptions(options, settings);
  const forCluster = (): ClusterOptions => ({ ...forServices(), configFile: configFileOf(options) });
  const opened: Pick<CliClient, 'close'>[] = [];
  const open = async <T extends Pick<CliClient, 'close'>>(connect: () => Promise<T>): Promise<T> => {
    const connection = await tryConnect(connect);
    opened.push(connection);
    return connection;
  };
  const context: CommandContext = {
    operands: rawOperands.map(fromRaw),
    rawOperands,
    options,
    output: environment.output,
    settings,
    connect: (more) => open(() => environment.connect({ ...settings, ...more })),
    openSession: () => open(() => environment.openSession(settings)),
    services() {
      const { cmap, quorum, votequorum, cfg, cpg } = environment.connector(forServices());
      return {
        cmap: () => open(cmap),
        quorum: () => open(quorum),
        votequorum: () => open(votequorum),
        cfg: () => open(cfg),
        cpg: (signal) => open(() => cpg(signal)),
      };
    },
    openQuorumSession: () => open(() => environment.openQuorumSession(forServices())),
    openCluster: () => open(() => environment.openCluster(forCluster())),
    clusterState: (more) => tryConnect(() => environment.clusterState({ ...forCluster(), ...more })),
    variables: environment.variables,
    complain: (message) => complain(environment, message),
  };
  const perform = await command.load();
  try {
    return await perform(context);
  } finally {
    await Promise.all(opened.map((connection) => connection.close()));
  }
}

function withoutTimeout(options: CommandContext['options']): CommandContext['options'] {
  return { ...options, timeout: undefined };
}

async function tryConnect<T>(connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (error) {
    if (isWrongOption(error)) throw new UsageError(explain(error));
    throw new ConnectFailure('no connection to corosync', { cause: error });
  }
}
