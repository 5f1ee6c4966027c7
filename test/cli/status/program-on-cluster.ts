import { Writable } from 'node:stream';
import { Output } from '../../../src/cli/printing/output.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { Cluster } from '../../../src/index.ts';
import type { FakeClient, FakeCluster } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { built, outcomeOf, startShell, type RunningProgram } from '../program.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where programs find the fake. */
export function environmentOf(fake: FakeCluster): Record<string, string> {
  const { socketDirectory = '', sharedMemoryDirectory = '' } = fake.connectOptions;
  return {
    COROSYNC_CLIENT_SOCKET_DIRECTORY: socketDirectory,
    COROSYNC_CLIENT_SHM_DIRECTORY: sharedMemoryDirectory,
  };
}

/** Runs a command that ends by itself, in this process. @param variables beside where the fake is */
export async function run(
  fake: FakeCluster,
  words: readonly string[],
  {
    isTTY = false,
    variables = {},
  }: { readonly isTTY?: boolean; readonly variables?: Record<string, string> } = {},
): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stdout += chunk.toString();
      done();
    },
  });
  const code = await runCli(words, {
    output: new Output(Object.assign(stream, { isTTY })),
    variables: { ...environmentOf(fake), ...variables },
    connect: () => Promise.reject(new Error('the map is not asked by itself')),
    openSession: () => Promise.reject(new Error('no session of the map')),
    openQuorumSession: () => Promise.reject(new Error('no session of quorum')),
    openCluster: (options) => Promise.resolve(Cluster.open(options)),
    clusterState: (options) => Cluster.snapshot(options),
    connector: () => {
      throw new Error('no service is asked by itself');
    },
    complain: (line) => (stderr += `${line}\n`),
    dropIn: () => Promise.resolve(99),
  });
  return { code, stdout, stderr };
}

/** A command that goes on until it is told to end, as a process of its own. */
export class OngoingProgram implements AsyncDisposable {
  readonly #child: RunningProgram;
  readonly #outcome: ReturnType<typeof outcomeOf>;
  #stdout = '';
  #stderr = '';

  /** @param line of a shell, behind the name of the program */
  constructor(fake: FakeCluster, line: string, variables: Record<string, string> = {}) {
    const env = { ...process.env, ...environmentOf(fake), ...variables };
    this.#child = startShell(`exec ${built('main')} ${line}`, { env });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#outcome = outcomeOf(this.#child);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The objects of its lines. */
  get objects(): Record<string, unknown>[] {
    const lines = this.#stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resolves when it knows the cluster, and has caught up. It is the only client. */
  async asked(fake: FakeCluster): Promise<void> {
    const tracks = ({ service, trackers }: FakeClient): boolean => service === 'cmap' && trackers.length > 0;
    // Links are followed when they are known.
    const follows = (): boolean =>
      fake.corosync.clients
        .filter(tracks)
        .some(({ trackers }) => trackers.some(({ key }) => key.includes('.link')));
    await waitUntil('it knows the cluster', follows);
    await fake.caughtUp();
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<Run> {
    const { code, stdout, stderr } = await this.#outcome;
    return { code, stdout: stdout.toString(), stderr };
  }

  /** Tells it to end. */
  stop(): Promise<Run> {
    this.#child.kill('SIGTERM');
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#outcome;
  }
}
