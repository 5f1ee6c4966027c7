import type { ParseArgsConfig } from 'node:util';
import type {
  Cluster,
  ClusterSnapshotOptions,
  ClusterState,
  CmapClient,
  CmapSession,
  CmapConnectOptions,
  QuorumSession,
} from '../index.ts';
import type { Connector } from './cluster/connector.ts';
import type { Output } from './printing/output.ts';

/** The part of the client that the commands use. */
export type CliClient = Pick<
  CmapClient,
  | 'get'
  | 'set'
  | 'delete'
  | 'adjust'
  | 'keys'
  | 'entries'
  | 'track'
  | 'close'
  | 'destroy'
  | 'bufferSize'
  | 'transport'
>;

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a command gets to work with. */
export interface CommandContext {
  /** What follows the command's name and is not an option, as text. */
  readonly operands: readonly string[];
  /** The same, one character per byte: arguments need not be UTF-8. */
  readonly rawOperands: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
  /** How to connect, as the options say. */
  readonly settings: CmapConnectOptions;
  /** With `settings`, and `more` before them. Throws ConnectFailure. */
  connect(more?: CmapConnectOptions): Promise<CliClient>;
  /** Connects in the background, and again whenever corosync is lost. Closed when the command ends. */
  openSession(): Promise<CmapSession>;
  /**
   * Connects to the services that tell of the cluster. What is connected is closed when the command ends. Throws ConnectFailure.
   * @throws UsageError: an option is for the configuration map only
   */
  services(): Connector;
  /** As `openSession`, for the quorum service. */
  openQuorumSession(): Promise<QuorumSession>;
  /** As `openSession`, for the whole cluster. */
  openCluster(): Promise<Cluster>;
  /** The whole cluster, asked once. Throws ConnectFailure. @throws UsageError as `services` */
  clusterState(more?: ClusterSnapshotOptions): Promise<ClusterState>;
  /** The environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** One line to standard error. */
  readonly complain: (message: string) => void;
}

/** Does its work, and returns an exit code. */
export type CommandFunction = (context: CommandContext) => Promise<number>;

export interface Command {
  readonly summary: string;
  /** What `--help` prints above the options that all commands have. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** `--timeout` is the command's own. */
  readonly ownTimeout?: true;
  /** The exit code of whatever goes wrong, the command line too. Default: those of EXIT. */
  readonly failure?: number;
  /** Loaded when it is needed: starting up is most of the time of most runs. */
  load(): Promise<CommandFunction>;
}
