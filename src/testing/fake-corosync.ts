import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import { CmapService, type CmapStores, type FakeTracker } from './cmap-service.ts';
import { loadDatagramBackend } from './datagram-socket.ts';
import type { Fault } from './fault-types.ts';
import type { Faults } from './faults.ts';
import { Icmap } from './icmap.ts';
import { IpcServer } from './ipc-server.ts';
import type { Counters } from './connection-host.ts';
import type { ServerConnection } from './server-connection.ts';
import { StatsMap } from './stats-map.ts';
import { fromStored, toStored } from './stored-value.ts';

/** Keys with their values, as an object or as pairs. */
export type FakeEntries =
  Readonly<Record<string, CmapValue>> | Iterable<readonly [key: string, value: CmapValue]>;

/** What the maps hold. */
export interface FakeContents {
  /** The configuration map, icmap. Default: nothing. */
  readonly entries?: FakeEntries;
  /** The map of statistics. Default: nothing. */
  readonly stats?: FakeEntries;
}

export interface FakeCorosyncOptions extends FakeContents {
  /** What goes wrong from the start: see `FakeCorosync.faults`. */
  readonly faults?: Iterable<Fault>;
  /** How often corosync looks whether a tracked statistic has changed, in milliseconds. Default 1500, as there. */
  readonly statsPollMs?: number;
  /**
   * Listens where corosync does, on the abstract socket `@cmap`, with its files in `/dev/shm`: for programs that cannot be
   * told another place. Run those in network and mount namespaces of their own. Default false: in a fresh directory.
   */
  readonly abstractSocket?: boolean;
  /**
   * How messages travel, as corosync.conf's `qb_ipc_type` says it: `'shm'` (default), shared memory, or `'socket'`, datagram
   * sockets, which takes the optional package node-unix-socket. C programs work with both, but over shared memory they see an
   * answer only when they look again, every 2 seconds: they sleep on a futex, which Node.js cannot wake.
   */
  readonly ipcType?: 'shm' | 'socket';
  /** In the names of the ring files: after `die` a client looks whether it lives before it removes them. Default ours. */
  readonly pid?: number;
}

/** One connected client, as corosync knows it. */
export interface FakeClient {
  /** 1 for the first that ever connected. */
  readonly number: number;
  readonly map: CmapMap;
  readonly trackers: readonly FakeTracker[];
  readonly openIterators: number;
  /** Requests that it has sent and corosync has handled. */
  readonly requests: number;
  /** Notifications that wait because its event ring is full. */
  readonly queuedEvents: number;
  /** Where its files are. */
  readonly ringDirectory: string;
  /** Ends its connection, as corosync does with a client that breaks the protocol. */
  close(): void;
}

const SERVICE = 'cmap';
const ABSTRACT_SOCKET = `\0${SERVICE}`.padEnd(108, '\0');

/**
 * A corosync without a cluster, for tests: libqb's server with a cmap in memory, in this process. Clients find it by
 * `connectOptions`. It keeps corosync's rules (limits, read-only keys, errors, notifications and their order, iterators),
 * can be told to do what a real one does not do on demand (`faults`), and can die.
 */
export class FakeCorosync implements AsyncDisposable {
  readonly #options: FakeCorosyncOptions;
  readonly #directory: string | undefined;
  readonly #services = new Map<ServerConnection, CmapService>();
  #server!: IpcServer;
  #icmap = new Icmap();
  #stats!: StatsMap;
  #poll: NodeJS.Timeout | undefined;

  private constructor(options: FakeCorosyncOptions) {
    this.#options = options;
    this.#fill({});
    if (options.abstractSocket !== true) this.#directory = mkdtempSync(join(tmpdir(), 'fake-corosync-'));
  }

  /**
   * Starts listening.
   * @throws RangeError corosync could not hold one of the entries. A system error (EADDRINUSE) if the socket is taken.
   */
  static async start(options: FakeCorosyncOptions = {}): Promise<FakeCorosync> {
    const fake = new FakeCorosync(options);
    try {
      await fake.#listen();
    } catch (error) {
      fake.#removeDirectory();
      throw error;
    }
    for (const fault of options.faults ?? []) fake.faults.add(fault);
    fake.#startPolling();
    return fake;
  }

  /** What a client needs to find it: for `CmapClient.connect`, or for the environment of the command line. */
  get connectOptions(): { socketDirectory?: string; sharedMemoryDirectory?: string } {
    const directory = this.#directory;
    return directory === undefined ? {} : { socketDirectory: directory, sharedMemoryDirectory: directory };
  }

  /** Add here what is to go wrong. */
  get faults(): Faults {
    return this.#server.faults;
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
    return this.#server.connections.map((connection) => describe(connection, this.#services.get(connection)));
  }

  /** Sets a key as corosync itself does, read-only or not, and tells who tracks it. @throws RangeError: corosync could not hold it. */
  set(key: string, value: CmapValue): void {
    const { type, bytes } = toStored(value);
    const outcome = this.#icmap.set(key, { type, bytes, length: bytes.length });
    if (outcome !== 'CS_OK')
      throw new RangeError(`corosync cannot hold ${JSON.stringify(key)} so: ${outcome}`);
  }

  get(key: string): CmapValue | undefined {
    const stored = this.#icmap.get(key, 0);
    return typeof stored === 'string' ? undefined : fromStored(stored);
  }

  /** Deletes a key as corosync itself does. False: there is none. */
  delete(key: string): boolean {
    return this.#icmap.delete(key) === 'CS_OK';
  }

  /** The whole map, sorted. */
  entries(): Map<string, CmapValue> {
    return new Map([...this.#icmap.entries()].map(([key, stored]) => [key, fromStored(stored)]));
  }

  /** Sets a statistic: a new one is told to prefix trackers at once, a changed one to its own trackers at the next poll. */
  setStat(key: string, value: CmapValue): void {
    this.#stats.put(key, toStored(value));
  }

  getStat(key: string): CmapValue | undefined {
    const stored = this.#stats.peek(key);
    return stored && fromStored(stored);
  }

  deleteStat(key: string): boolean {
    return this.#stats.remove(key);
  }

  /** Looks for changed statistics now, as corosync does every 1.5 seconds. */
  pollStats(): void {
    if (!this.#server.paused) this.#stats.poll();
  }

  /** The flow-control word of all clients. 0: go; 1 or 2: stop, as during a change of membership. */
  setFlowControl(value: 0 | 1 | 2): void {
    this.#server.setFlowControl(value);
  }

  /** As SIGSTOP: connections and requests are taken by the kernel, and nothing is answered. */
  pause(): void {
    this.#server.pause();
  }

  /** As SIGCONT. */
  resume(): void {
    this.#server.resume();
  }

  /** As SIGKILL: every socket closes, nobody listens, ring files stay. */
  die(): void {
    clearInterval(this.#poll);
    this.#server.die();
  }

  /**
   * Starts again after `die`, or ends as SIGTERM does and starts again. As a real corosync it comes back with what it was
   * started with, or with the contents given; what clients had set is gone. Faults stay.
   */
  async restart(contents: FakeContents = {}): Promise<void> {
    if (this.#server.running) await this.#server.stop();
    clearInterval(this.#poll);
    this.#fill(contents);
    await this.#server.listen();
    this.#startPolling();
  }

  /** Ends as SIGTERM does, and removes all files. @throws Error: the first of `violations`, if there are any. */
  async stop(): Promise<void> {
    clearInterval(this.#poll);
    await this.#server.stop();
    this.#removeDirectory();
    const [violation] = this.#server.violations;
    if (violation !== undefined) throw violation;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Takes the violations out: `stop` does not throw them any more. */
  takeViolations(): Error[] {
    return this.#server.violations.splice(0);
  }

  get #stores(): CmapStores {
    return { icmap: this.#icmap, stats: this.#stats };
  }

  async #listen(): Promise<void> {
    const directory = this.#directory;
    this.#server = await IpcServer.start({
      socketPath: directory === undefined ? ABSTRACT_SOCKET : join(directory, SERVICE),
      sharedMemoryDirectory: directory ?? '/dev/shm',
      service: SERVICE,
      pid: this.#options.pid ?? process.pid,
      datagrams: this.#options.ipcType === 'socket' ? await loadDatagramBackend() : undefined,
      newService: (connection) => this.#newService(connection),
    });
  }

  #removeDirectory(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }

  #fill(contents: FakeContents): void {
    this.#icmap = new Icmap();
    this.#stats = new StatsMap((what) =>
      this.#server.onViolation(new Error(`${what} would crash corosync, or corrupt its memory`)),
    );
    for (const [key, value] of pairs(contents.entries ?? this.#options.entries)) this.set(key, value);
    for (const [key, value] of pairs(contents.stats ?? this.#options.stats)) this.setStat(key, value);
  }

  #startPolling(): void {
    this.#poll = setInterval(() => this.pollStats(), this.#options.statsPollMs ?? 1500);
    this.#poll.unref();
  }

  #newService(connection: ServerConnection): CmapService {
    const service = new CmapService(
      this.#stores,
      (event) => connection.send(event),
      () => this.#services.delete(connection),
    );
    this.#services.set(connection, service);
    return service;
  }
}

function describe(connection: ServerConnection, service: CmapService | undefined): FakeClient {
  return {
    number: connection.number,
    map: service?.map ?? 'icmap',
    trackers: service?.trackers ?? [],
    openIterators: service?.openIterators ?? 0,
    requests: connection.transport.handled,
    queuedEvents: connection.queuedEvents,
    ringDirectory: connection.transport.directory,
    close: () => connection.close(),
  };
}

function pairs(entries: FakeEntries = []): Iterable<readonly [string, CmapValue]> {
  return Symbol.iterator in entries ? entries : Object.entries(entries);
}
