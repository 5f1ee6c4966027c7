import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { waitUntil } from '../wait-until.ts';
import { nodeAddresses, OtherNode } from './other-node.ts';
import { PrivateCorosync, type PrivateCorosyncOptions } from './private-corosync.ts';

const run = promisify(execFile);

/** Freed memory of corosync is filled: what uses it crashes, and does not happen to work. */
export const FREED_MEMORY_IS_FILLED = ['env', 'MALLOC_PERTURB_=165'] as const;

/** A cluster of real corosyncs: the first node in the test's own namespace, the others in namespaces of their own. */
export class NamespaceCluster implements AsyncDisposable {
  readonly first: PrivateCorosync;
  readonly others: readonly OtherNode[];

  private constructor(first: PrivateCorosync, others: readonly OtherNode[]) {
    this.first = first;
    this.others = others;
  }

  /** Resolves when the first node sees all. */
  static async start(count: number, given: PrivateCorosyncOptions = {}): Promise<NamespaceCluster> {
    const options = { nodes: nodeAddresses(count), ...given };
    const others: OtherNode[] = [];
    let first: PrivateCorosync | undefined;
    try {
      for (let nodeId = 2; nodeId <= count; nodeId += 1) others.push(await OtherNode.start(nodeId, options));
      first = await PrivateCorosync.start(options);
      const cluster = new NamespaceCluster(first, others);
      await cluster.sees(count);
      return cluster;
    } catch (error) {
      for (const other of others) await other[Symbol.asyncDispose]();
      await first?.stop(); // or there could be no other one after it
      throw error;
    }
  }

  /** By its id. */
  node(nodeId: number): OtherNode {
    const node = this.others[nodeId - 2];
    if (node === undefined) throw new Error(`there is no other node ${nodeId}`);
    return node;
  }

  /** Resolves when the first node has so many members. */
  async sees(count: number): Promise<void> {
    await waitUntil(`node 1 sees ${count} nodes`, async () => (await members()) === count, {
      timeoutMs: 30_000,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const other of this.others) await other[Symbol.asyncDispose]();
    await this.first.stop();
  }
}

async function members(): Promise<number> {
  // Exits with 2 where the cluster is inquorate.
  const { stdout } = await run('corosync-quorumtool', ['-s']).catch(
    (error: unknown) => error as { stdout: string },
  );
  return Number(/^Nodes: *(\d+)$/m.exec(stdout)?.[1]);
}
