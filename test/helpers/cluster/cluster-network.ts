import { getContainerRuntimeClient } from 'testcontainers';

/** One run's containers and networks carry this label, so that scripts/test-cluster.sh finds what a killed run left. */
export const RUN_LABEL = { 'corosync-client.run': process.env.COROSYNC_CLIENT_RUN ?? 'by hand' };

export async function dockerode() {
  const { container } = await getContainerRuntimeClient();
  return container.dockerode;
}

type Engine = Awaited<ReturnType<typeof dockerode>>;
type EngineNetwork = ReturnType<Engine['getNetwork']>;

/** A network of containers with fixed addresses: corosync.conf names them, and they must be the same after a cut. */
export class ClusterNetwork {
  readonly name: string;
  readonly #network: EngineNetwork;
  readonly #prefix: string;

  private constructor(name: string, network: EngineNetwork, prefix: string) {
    this.name = name;
    this.#network = network;
    this.#prefix = prefix;
  }

  static async create(name: string): Promise<ClusterNetwork> {
    const engine = await dockerode();
    // The engine knows which subnets are free, but gives fixed addresses only in one that was asked for by name.
    const trial = await engine.createNetwork({ Name: `${name}-trial`, Labels: RUN_LABEL });
    const { IPAM } = (await trial.inspect()) as { IPAM?: { Config?: { Subnet?: string }[] } };
    await trial.remove();
    const prefix = /^\d+\.\d+\.\d+/.exec(IPAM?.Config?.[0]?.Subnet ?? '')?.[0];
    if (prefix === undefined) throw new Error('the engine gave a network no IPv4 subnet');
    const network = await engine.createNetwork({
      Name: name,
      Labels: RUN_LABEL,
      IPAM: { Config: [{ Subnet: `${prefix}.0/24` }] },
    });
    return new ClusterNetwork(name, network, prefix);
  }

  address(nodeId: number): string {
    return `${this.#prefix}.${10 + nodeId}`;
  }

  /** How the engine wants to be told a node's place in this network. */
  endpoint(nodeId: number): { IPAMConfig: { IPv4Address: string } } {
    return { IPAMConfig: { IPv4Address: this.address(nodeId) } };
  }

  async connect(containerId: string, nodeId: number): Promise<void> {
    await this.#network.connect({ Container: containerId, EndpointConfig: this.endpoint(nodeId) });
  }

  async disconnect(containerId: string): Promise<void> {
    await this.#network.disconnect({ Container: containerId });
  }

  async remove(): Promise<void> {
    await this.#network.remove();
  }
}
