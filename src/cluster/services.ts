import { CfgClient, type ReadOnlyCfgClient } from '../cfg/index.ts';
import { CmapClient, type ReadOnlyCmapClient } from '../cmap/index.ts';
import { QuorumClient } from '../quorum/index.ts';
import type { ConnectOptions } from '../service/index.ts';
import { VotequorumClient, type ReadOnlyVotequorumClient } from '../votequorum/index.ts';

const READ = { access: 'read' } as const;
/** What is read of the map is small: it needs no rings of a megabyte. */
const SMALL_RINGS = { bufferSize: 64 * 1024 } as const;

/** Connections to the services of one corosync, none of which can change anything. */
export class ClusterServices {
  readonly cmap: ReadOnlyCmapClient;
  readonly quorum: QuorumClient;
  readonly cfg: ReadOnlyCfgClient;
  readonly #options: ConnectOptions;
  #votequorum: Promise<ReadOnlyVotequorumClient> | undefined;

  private constructor(
    [cmap, quorum, cfg]: readonly [ReadOnlyCmapClient, QuorumClient, ReadOnlyCfgClient],
    options: ConnectOptions,
  ) {
    this.cmap = cmap;
    this.quorum = quorum;
    this.cfg = cfg;
    this.#options = options;
  }

  /** If one cannot be connected, none stays. */
  static async connect(options: ConnectOptions): Promise<ClusterServices> {
    const cmap = CmapClient.connect({ ...options, ...SMALL_RINGS, ...READ });
    const quorum = QuorumClient.connect({ ...options, ...READ });
    const cfg = CfgClient.connect({ ...options, ...READ });
    try {
      return new ClusterServices(await Promise.all([cmap, quorum, cfg]), options);
    } catch (error) {
      for (const result of await Promise.allSettled([cmap, quorum, cfg])) {
        if (result.status === 'fulfilled') result.value.destroy();
      }
      throw error;
    }
  }

  /** Connects to it when it is needed first: without it as the provider of quorum, corosync does not have it. */
  votequorum(): Promise<ReadOnlyVotequorumClient> {
    return (this.#votequorum ??= VotequorumClient.connect({ ...this.#options, ...READ }));
  }

  async close(): Promise<void> {
    const { cmap, quorum, cfg } = this;
    const votequorum = await this.#votequorum;
    await Promise.all([cmap.close(), quorum.close(), cfg.close(), votequorum?.close()]);
  }

  /** At once; but a connection that is being made is waited for, so that it does not stay. Never fails. */
  async destroy(): Promise<void> {
    for (const client of [this.cmap, this.quorum, this.cfg]) client.destroy();
    await this.#votequorum?.then(
      (client) => client.destroy(),
      () => undefined,
    );
  }
}
