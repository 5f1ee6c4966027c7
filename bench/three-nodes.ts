import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nodeAddresses, OtherNode } from '../test/helpers/corosync/other-node.ts';
import { waitUntil } from '../test/helpers/wait-until.ts';
import type { Bench } from './bench.ts';

const run = promisify(execFile);

/** The nodes beside that of the bench. */
export interface ThreeNodes {
  readonly others: readonly OtherNode[];
}

/** Runs `measure` on a cluster of three nodes; the bench's corosync is its first. */
export async function withThreeNodes<T>(
  bench: Bench,
  { links = 1, tokenMs = 1000 }: { readonly links?: number; readonly tokenMs?: number },
  measure: (nodes: ThreeNodes) => Promise<T>,
): Promise<T> {
  const options = { nodes: nodeAddresses(3, links), config: { totem: `token: ${tokenMs}` } };
  await using second = await OtherNode.start(2, options);
  await using third = await OtherNode.start(3, options);
  return await bench.withCorosync(options, async () => {
    await waitUntil('all nodes are there', async () => (await members()) === 3, { timeoutMs: 30_000 });
    return measure({ others: [second, third] });
  });
}

async function members(): Promise<number> {
  const { stdout } = await run('corosync-quorumtool', ['-s']).catch(
    (error: unknown) => error as { stdout: string },
  );
  return Number(/^Nodes: *(\d+)$/m.exec(stdout)?.[1]);
}
