import { describe } from 'vitest';
import { inPrivateNamespace } from './private-namespace.ts';

const REASON = 'needs a private corosync: sudo npm run test:integration -- FILE';

/**
 * A describe block of tests against a real corosync. Outside of scripts/in-namespaces.sh it is skipped and
 * says so; in CI it fails instead, because there a skipped suite would look like a passed one.
 */
export function describeIntegration(name: string, define: () => void): void {
  if (inPrivateNamespace()) {
    describe(name, define);
    return;
  }
  if (process.env.CI !== undefined) {
    throw new Error(`'${name}' ${REASON}`);
  }
  console.warn(`skipped: '${name}' ${REASON}`); // Vitest does not show the names of skipped tests
  describe.skip(name, define);
}
