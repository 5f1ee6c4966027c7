import { spawnSync } from 'node:child_process';

/** corosync's own counts of what must not happen: lost tokens, and times that it got no processor. `under` runs a command on its node. */
export function troubles(under: readonly string[] = []): number {
  const [program, ...args] = [...under, 'corosync-cmapctl', '-m', 'stats', 'stats.'];
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  const lostTokens = [...stdout.matchAll(/^stats\.srp\.\S*token_lost\S* \(\w+\) = (\d+)$/gm)];
  const misses = new Set([...stdout.matchAll(/^stats\.schedmiss\.(\d+)\./gm)].map(([, number]) => number));
  return lostTokens.reduce((sum, [, count]) => sum + Number(count), 0) + misses.size;
}
