import { rmSync } from 'node:fs';
import { Audience } from './audience/audience.ts';
import { CmapService } from './cmap/cmap-service.ts';
import { loadDatagramBackend } from './server/server-datagram-socket.ts';
import { describeClient, type FakeClient } from './fake-client.ts';
import {
  pairs,
  resolveBeginning,
  resolveFakeOptions,
  type FakeBeginning,
  type FakeCorosyncOptions,
  type ResolvedFakeOptions,
} from './fake-options.ts';
import { Faults } from './faults/faults.ts';
import { FakeCmap, type FakeMaps } from './cmap/fake-cmap.ts';
import { IpcStatistics, shown } from './cmap/ipc-statistics.ts';
import { cmapSubjects } from './cmap/requests.ts';
import { IpcServer } from './server/ipc-server.ts';
import { Life } from './life.ts';
import { makeSocketDirectory } from './server/socket-directory.ts';
import type { Counters } from './server/connection-host.ts';
import type { ServerConnection } from './server/server-connection.ts';
import type { ServedService } from './server/service.ts';
import { subjectsById } from './service/subjects.ts';
import { configuredEntries } from './cluster/cluster-keys.ts';
import { ClusterServices, type ClusterServicesHost } from './cluster/cluster-services.ts';
import type { ClusterConfig } from './cluster/cluster-options.ts';
import type { ClusterState } from './cluster/cluster-state.ts';
import { FakeCpg } from './cpg/fake-cpg.ts';
import { ProcessList } from './cpg/process-list.ts';
import { FakeClusterView } from './cluster/fake-cluster-view.ts';
import { oneOf } from '../options/rules.ts';

/** What a client needs to find a fake. Empty for one on the abstract socket, which is where clients look by themselves. */
export interface FakeConnectOptions {
  /** As `CmapConnectOptions.socketDirectory`. */
  readonly socketDirectory?: string;
  /** As `CmapConnectOptions.sharedMemoryDirectory`. */
  readonly sharedMemoryDirectory?: string;
}

/** What a start begins with. */
interface Prepared {
  readonly maps: FakeMaps;
  readonly cluster: ClusterConfig | undefined;
}

const flowControlRule = oneOf(0, 1, 2);

/**
 * A corosync for tests: libqb's server with corosync's services in memory, in this process. Clients find it by
 * `connectOptions`. It keeps corosync's rules (limits, read-only keys, errors, notifications and their order, iterators),
 * can be told to do what a real one does not do on demand (`faults`), and can die.
 */
export class FakeCorosync implements AsyncDisposable {
  readonly #options: ResolvedFakeOptions;
  readonly #directory: string | undefined;
  readonly #services = new Map<ServerConnection, CmapService>();
  readonly #faults: Faults;
  #server!: IpcServer;
  readonly #cmap: FakeCmap;
  readonly #clusterView = new FakeClusterView(() => this.#clusterState());
  /** Processes on other nodes: they outlive this corosync. */
  readonly #otherProcesses = new ProcessList();
  readonly #cpg = new FakeCpg(() => this.#clusterServices(), this.#otherProcesses);
  /** From a start to its end. */
  #cluster: ClusterServices | undefined;
  readonly #life = new Life();
  readonly #audience = new Audience();
  /** Of a fake with a cluster. */
  #ipc: IpcStatistics | undefined;
  readonly #host = this.#newHost();
  #poll: NodeJS.Timeout | undefined;

  private constructor(given: FakeCorosyncOptions) {
    const options = resolveFakeOptions(given);
    this.#options = { ...options, entries: pairs(options.entries), stats: pairs(options.stats) };
    this.#cmap = new FakeCmap(this.#host);
    this.#begin(this.#prepare({}));
    this.#faults = new Faults(options.ipcType);
    for (const fault of options.faults ?? []) this.#faults.add(fault);
    if (!options.abstractSocket) this.#directory = makeSocketDirectory();
  }

  /**
   * Starts listening.
   * @throws RangeError an option that does not exist or has no such value, a fault that could not strike, an entry that corosync
   *   could not hold. A system error (EADDRINUSE) if the socket is taken. Error: the package for `ipcType: 'socket'` is missing,
   *   or there is no place for the socket.
   */
  static async start(options: FakeCorosyncOptions = {}): Promise<FakeCorosync> {
    const fake = new FakeCorosync(options);
    try {
      await fake.#listen();
    } catch (error) {
      fake.#removeDirectory();
      throw error;
    }
    fake.#startPolling();
    return fake;
  }

  /** What a client needs to find it: for `CmapClient.connect`, or for `--socket-directory` and `--shm-directory` of the command line. */
  get connectOptions(): FakeConnectOptions {
    const directory = this.#directory;
    return directory === undefined ? {} : { socketDirectory: directory, sharedMemoryDirectory: directory };
  }

  /** Add here what is to go wrong. */
  get faults(): Faults {
    return this.#faults;
  }

  /** What has happened since the start. */
  get counters(): Readonly<Counters> {
    return { ...this.#server.counters };
  }

  /** What clients did that would have hung, crashed or corrupted a real corosync. `stop` throws the first of them. */
  get violations(): readonly Error[] {
    return this.#server.violations;
  }

  /** Whether it listens: not after `die` or `stop`. */
  get running(): boolean {
    return this.#server.running;
  }

  /** Connected clients, oldest first. */
  get clients(): readonly FakeClient[] {
    return this.#server.connections.map((connection) =>
      describeClient(connection, this.#services.get(connection)),
    );
  }

  /** The configuration map and the statistics, as corosync itself changes them. */
  get cmap(): FakeCmap {
    return this.#cmap;
  }

  /** The cluster that it is a node of. @throws Error: it was started without one, or is dead */
  get cluster(): FakeClusterView {
    this.#clusterState();
    return this.#clusterView;
  }

  /** The process groups of its cluster: see `cluster`. @throws Error: it was started without one, or is dead */
  get cpg(): FakeCpg {
    this.#clusterServices();
    return this.#cpg;
  }

  /** The flow-control word of all clients. 0: go; 1 or 2: stop, as during a change of membership. @throws RangeError: any other. */
  setFlowControl(value: 0 | 1 | 2): void {
    flowControlRule('the value for setFlowControl', value);
    this.#server.setFlowControl(value);
  }

  /** As SIGSTOP: connections and requests are taken by the kernel, and nothing is answered. */
  pause(): void {
    this.#server.pause();
  }

  /** As SIGCONT. */
  resume(): void {
    if (this.#server.paused) this.#audience.back();
    this.#server.resume();
  }

  /**
   * Resolves when all clients have been told everything, statistics too, and have read again what they had read and is not so any more. After
   * a restart they have come back by then, and have had the time that corosync takes to find out who is there. Who does not come back,
   * or does not ask again, is not waited for longer than two seconds.
   * @throws Error: the fake is paused, or a client does not take what it is told
   */
  async caughtUp(): Promise<void> {
    if (this.#server.paused) throw new Error('a fake that is paused tells nothing: resume it first');
    await this.#audience.caughtUp({
      running: this.running,
      tell: () => this.#cmap.pollStats(),
      done: () => this.#cluster?.state.totem.idle !== false,
      events: () => this.#server.counters.events,
      settleMs: this.#cluster?.state.settleMs ?? 0,
    });
  }

  /** As SIGKILL: every socket closes, nobody listens, ring files stay. During a `restart`, it is what has started that dies. */
  die(): void {
    if (this.#life.over) return;
    const died = this.#life.change(() => {
      this.#endServices();
      return this.#server.die();
    });
    died.catch(() => undefined); // told to whoever starts or stops next
  }

  /**
   * Starts again after `die`, or ends as SIGTERM does and starts again. As a real corosync it comes back with what it was
   * started with, or with the contents given; what clients had set is gone. Faults stay. Several at once are made one after the other.
   * @throws RangeError as `start`; nothing has changed then. Error: it was stopped.
   */
  async restart(contents: FakeBeginning = {}): Promise<void> {
    if (this.#life.over) throw new Error('this fake was stopped; start a new one');
    const beginning = this.#prepare(contents);
    await this.#life.change(async () => {
      this.#endServices();
      if (this.#server.running) await this.#server.stop();
      this.#begin(beginning);
      await this.#server.listen();
      this.#audience.back();
      this.#startPolling();
    });
  }

  /** Ends as SIGTERM does, and removes all files. @throws Error: the first of `violations`, if there are any. */
  async stop(): Promise<void> {
    await this.#life.end(async () => {
      this.#endServices();
      await this.#server.stop();
      this.#removeDirectory();
    });
    const [violation] = this.#server.violations;
    if (violation !== undefined) throw violation;
  }

  /** As `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Takes the violations out: `stop` does not throw them any more. */
  takeViolations(): Error[] {
    return this.#server.violations.splice(0);
  }

  async #listen(): Promise<void> {
    const directory = this.#directory;
    this.#server = await IpcServer.start({
      socketDirectory: directory,
      sharedMemoryDirectory: directory ?? '/dev/shm',
      pid: this.#options.pid,
      datagrams: this.#options.ipcType === 'socket' ? await loadDatagramBackend() : undefined,
      faults: this.#faults,
      services: () =>
        [this.#cmapService(), ...this.#servedByCluster()].map((served) =>
          this.#audience.hear(shown(served, () => this.#ipc)),
        ),
    });
  }

  #removeDirectory(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }

  /** What the services ask of the fake. */
  #newHost(): ClusterServicesHost {
    const isPaused = (): boolean => this.#server.paused;
    return {
      violated: (what) =>
        this.#server.onViolation(new Error(`${what} would crash corosync, or corrupt its memory`)),
      get paused() {
        return isPaused();
      },
      holdOff: (held) => this.#server.holdOff('sync', held, (service) => service !== 'votequorum'),
      congest: (critical) => this.#server.holdOff('queue', critical),
      otherProcesses: this.#otherProcesses,
      end: (how) => (how === 'killed' ? this.die() : this.#shutDown()),
    };
  }

  /** As SIGTERM does. It can be started again. */
  #shutDown(): void {
    const done = this.#life.change(() => {
      this.#endServices();
      return this.#server.stop();
    });
    done.catch(() => undefined); // told to whoever starts or stops next
  }

  #endServices(): void {
    clearInterval(this.#poll);
    this.#audience.ending();
    this.#cluster?.close();
    this.#cluster = undefined;
  }

  #clusterState(): ClusterState {
    return this.#clusterServices().state;
  }

  #clusterServices(): ClusterServices {
    if (this.#cluster !== undefined) return this.#cluster;
    throw new Error(
      this.running
        ? 'this fake has no cluster: start it with the option cluster'
        : 'this fake is dead; restart({ cluster }) says what it comes back to',
    );
  }

  #servedByCluster(): ServedService<ServerConnection>[] {
    const cluster = this.#cluster;
    if (cluster === undefined) return [];
    return cluster.names.map((name) => ({
      name,
      ...subjectsById(name),
      open: (connection) => cluster.open(name, connection),
    }));
  }

  /** @throws RangeError: corosync could not start so */
  #prepare(contents: FakeBeginning): Prepared {
    const { entries, stats, cluster } = { ...this.#options, ...resolveBeginning(contents) };
    const configured = cluster === undefined ? [] : configuredEntries(cluster);
    return { maps: this.#cmap.prepare([...configured, ...pairs(entries)], pairs(stats)), cluster };
  }

  #begin({ maps, cluster }: Prepared): void {
    this.#cmap.begin(maps);
    this.#ipc = cluster && new IpcStatistics(maps.stats);
    this.#cluster = cluster && new ClusterServices(cluster, maps, this.#host);
  }

  #startPolling(): void {
    this.#poll = setInterval(() => this.#cmap.pollStats(), this.#options.statsPollMs);
    this.#poll.unref();
  }

  #cmapService(): ServedService<ServerConnection> {
    return {
      name: 'cmap',
      ...cmapSubjects,
      open: (connection) => {
        const service = new CmapService(
          this.#cmap.maps,
          (event) => connection.send(event),
          () => this.#services.delete(connection),
        );
        this.#services.set(connection, service);
        return service;
      },
    };
  }
}
