import { mkdirSync } from 'node:fs';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import type { CmapConnectOptions } from '../../../src/index.ts';
import { dockerode, RUN_LABEL, type ClusterNetwork } from './cluster-network.ts';
import { clusterImages } from './cluster-requirements.ts';

/** What a node's own log says of one membership, in the order in which corosync tells its services. */
export type MembershipChange = `left ${number}` | `joined ${number}`;

/** Directories of this machine that the container has as its socket directory and its /dev/shm: they outlive it. */
export interface NodeDirectories {
  readonly sockets: string;
  readonly sharedMemory: string;
}

/** One corosync in a container, reached from here by filesystem sockets and shared directories. */
export class ClusterNode {
  readonly nodeId: number;
  readonly #directories: NodeDirectories;
  readonly #networks: readonly ClusterNetwork[];
  readonly #container: StartedTestContainer;

  private constructor(
    nodeId: number,
    directories: NodeDirectories,
    networks: readonly ClusterNetwork[],
    container: StartedTestContainer,
  ) {
    this.nodeId = nodeId;
    this.#directories = directories;
    this.#networks = networks;
    this.#container = container;
  }

  /** @param networks one for each knet link. */
  static async start(
    nodeId: number,
    directories: NodeDirectories,
    networks: readonly ClusterNetwork[],
    nodes: string,
  ): Promise<ClusterNode> {
    for (const directory of Object.values(directories) as string[]) mkdirSync(directory, { recursive: true });
    const container = await new NodeContainer(nodeId, networks)
      .withLabels(RUN_LABEL)
      .withAddedCapabilities('SYS_NICE')
      .withEnvironment({ NODES: nodes, TOKEN_MS: '2000', SCHED_RR: 'yes', FILESYSTEM_SOCKETS: 'yes' })
      .withBindMounts([
        { source: directories.sockets, target: '/tmp' },
        { source: directories.sharedMemory, target: '/dev/shm' },
      ])
      .start();
    return new ClusterNode(nodeId, directories, networks, container);
  }

  get connectOptions(): CmapConnectOptions {
    return {
      socketDirectory: this.#directories.sockets,
      sharedMemoryDirectory: this.#directories.sharedMemory,
    };
  }

  /** Runs a program in the container, and returns what it prints. Its exit status is of no interest: the tools' means many things. */
  async run(...command: string[]): Promise<string> {
    return (await this.#container.exec(command)).output;
  }

  /** SIGTERM: corosync takes its leave of the others. */
  async stop(): Promise<void> {
    await (await this.#engineContainer()).stop();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await (await this.#engineContainer()).kill();
  }

  async start(): Promise<void> {
    await (await this.#engineContainer()).start();
  }

  /** The container's processes stand still. */
  async pause(): Promise<void> {
    await (await this.#engineContainer()).pause();
  }

  async unpause(): Promise<void> {
    await (await this.#engineContainer()).unpause();
  }

  async cut(link: number): Promise<void> {
    await this.#link(link).disconnect(this.#container.getId());
  }

  async mend(link: number): Promise<void> {
    await this.#link(link).connect(this.#container.getId(), this.nodeId);
  }

  async remove(): Promise<void> {
    await (await this.#engineContainer()).remove({ force: true, v: true });
  }

  /** Every membership change since the container was made, as its corosync logged it. */
  async loggedChanges(): Promise<MembershipChange[]> {
    const lines =
      /A new membership \([\d.a-f]+\) was formed\. Members(?: joined:((?: \d+)+))?(?: left:((?: \d+)+))?/g;
    return [...(await this.log()).matchAll(lines)].flatMap(([, joined = '', left = '']) => [
      ...ids(left).map((id): MembershipChange => `left ${id}`),
      ...ids(joined).map((id): MembershipChange => `joined ${id}`),
    ]);
  }

  /** Every change of a link's state since the container was made, as its corosync logged it: `3 link 0 down`. */
  async loggedLinks(): Promise<string[]> {
    const lines = /\[KNET {2}\] (?:link|rx): host: (\d+) link: (\d+) is (up|down)/g;
    return [...(await this.log()).matchAll(lines)].map(
      ([, id, link, state]) => `${id} link ${link} ${state}`,
    );
  }

  async log(): Promise<string> {
    const log = await (await this.#engineContainer()).logs({ stdout: true, stderr: true });
    return log.toString('latin1');
  }

  #link(link: number): ClusterNetwork {
    const network = this.#networks[link];
    if (network === undefined) throw new Error(`there is no link ${link}`);
    return network;
  }

  async #engineContainer() {
    return (await dockerode()).getContainer(this.#container.getId());
  }
}

function ids(text: string): number[] {
  return text.trim().split(/ +/).filter(Boolean).map(Number);
}

/** testcontainers knows no fixed addresses, and one network only. */
class NodeContainer extends GenericContainer {
  readonly #nodeId: number;
  readonly #moreNetworks: readonly ClusterNetwork[];

  constructor(nodeId: number, [first, ...more]: readonly ClusterNetwork[]) {
    super(clusterImages().node);
    if (first === undefined) throw new Error('a node needs a network');
    this.#nodeId = nodeId;
    this.#moreNetworks = more;
    this.withNetworkMode(first.name);
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [first.name]: first.endpoint(nodeId) } };
  }

  protected override async containerCreated(containerId: string): Promise<void> {
    for (const network of this.#moreNetworks) await network.connect(containerId, this.#nodeId);
  }
}
