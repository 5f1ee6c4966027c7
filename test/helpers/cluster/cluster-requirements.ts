import { describe } from 'vitest';

const REASON = 'needs a Docker engine and images: npm run test:cluster';

/** The images that scripts/test-cluster.sh has built. */
export function clusterImages(): { readonly node: string; readonly client: string } {
  const { COROSYNC_NODE_IMAGE: node, COROSYNC_CLIENT_IMAGE: client } = process.env;
  if (node === undefined || client === undefined) throw new Error(REASON);
  return { node, client };
}

/** A describe block of tests with real containers. Without the script it is skipped and says so; in CI it fails instead. */
export function describeCluster(name: string, define: () => void): void {
  if (process.env.COROSYNC_NODE_IMAGE !== undefined) {
    describe(name, define);
    return;
  }
  if (process.env.CI !== undefined) throw new Error(`'${name}' ${REASON}`);
  console.warn(`skipped: '${name}' ${REASON}`); // Vitest does not show the names of skipped tests
  describe.skip(name, define);
}
