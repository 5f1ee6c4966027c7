import { CfgClient, type ReadOnlyCfgClient } from '../cfg/index.ts';
import { CmapClient, type ReadOnlyCmapClient } from '../cmap/index.ts';
import type { ConnectionError } from '../errors/index.ts';
import { QuorumClient } from '../quorum/index.ts';
import type { ConnectOptions } from '../service/index.ts';
import { VotequorumClient, type ReadOnlyVotequorumClient } from '../votequorum/index.ts';

const READ = { access: 'read' } as const;
/** What is read of the map is small: it needs no rings of a megabyte. */
const SMALL_RINGS = { bufferSize: 64 * 1024 } as const;

/** What every client can do. */
interface Client {
  readonly closed: boolean;
  whenClosed(): Promise<ConnectionError | undefined>;
  close(): Promise<void>;
  destroy(error?: Error): void;
}

/** Connections to the services of one corosync, none of which can change anything. They end together. */
export class ClusterServices {
  readonly cmap: ReadOnlyCmapClient;
  /** The map of statistics: a connection of its own, for each has one map. */
  readonly stats: ReadOnlyCmapClient;
  readonly quorum: QuorumClient;
  readonly cfg: ReadOnlyCfgClient;
  readonly #options: ConnectOptions;
  readonly #clients: Client[] = [];
  readonly #whenClosed: Promise<ConnectionError | undefined>;
  #noteClosed!: (error: ConnectionError | undefined) => void;
  #destroyed = false;
  #votequorum: Promise<ReadOnlyVotequorumClient> | undefined;

  private constructor(
    [cmap, stats, quorum, cfg]: readonly [
      ReadOnlyCmapClient,
      ReadOnlyCmapClient,
      QuorumClient,
      ReadOnlyCfgClient,
    ],
    options: ConnectOptions,
  ) {
    this.cmap = cmap;
    this.stats = stats;
    this.quorum = quorum;
    this.cfg = cfg;
    this.#options = options;
    this.#whenClosed = new Promise((resolve) => (this.#noteClosed = resolve));
    for (const client of [cmap, stats, quorum, cfg]) this.#add(client);
  }

  /** If one cannot be connected, none stays. */
  static async connect(options: ConnectOptions): Promise<ClusterServices> {
    const cmap = CmapClient.connect({ ...options, ...SMALL_RINGS, ...READ });
    const stats = CmapClient.connect({ ...options, ...SMALL_RINGS, ...READ, map: 'stats' });
    const quorum = QuorumClient.connect({ ...options, ...READ });
    const cfg = CfgClient.connect({ ...options, ...READ });
    try {
      return new ClusterServices(await Promise.all([cmap, stats, quorum, cfg]), options);
    } catch (error) {
      for (const result of await Promise.allSettled([cmap, stats, quorum, cfg])) {
        if (result.status === 'fulfilled') result.value.destroy();
      }
      throw error;
    }
  }

  /** Connects to it when it is needed first: without it as the provider of quorum, corosync does not have it. */
  votequorum(): Promise<ReadOnlyVotequorumClient> {
    return (this.#votequorum ??= this.#connectVotequorum());
  }

  /** Whether one of them has ended. */
  get closed(): boolean {
    return this.#clients.some((client) => client.closed);
  }

  /** Resolves when the first of them has ended. */
  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#whenClosed;
  }

  async close(): Promise<void> {
    await this.#votequorum?.catch(() => undefined);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  /** At once; a connection that is being made ends as soon as it is there. */
  destroy(error?: Error): void {
    this.#destroyed = true;
    for (const client of this.#clients) client.destroy(error);
  }

  /** Resolves when no connection is being made. */
  async settled(): Promise<void> {
    await this.#votequorum?.catch(() => undefined);
  }

  async #connectVotequorum(): Promise<ReadOnlyVotequorumClient> {
    const client = await VotequorumClient.connect({ ...this.#options, ...READ });
    this.#add(client);
    if (this.#destroyed) client.destroy();
    return client;
  }

  #add(client: Client): void {
    this.#clients.push(client);
    void client.whenClosed().then((error) => {
      this.#noteClosed(error);
      if (error !== undefined) this.destroy(error);
    });
  }
}
