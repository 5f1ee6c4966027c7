// Waits, and does nothing else:  node bench/peers/idle.mjs [DIST]   (with DIST: for notifications that do not come)
import { pathToFileURL } from 'node:url';

if (process.argv[2] === undefined) {
  setInterval(() => undefined, 0x7fffffff);
} else {
  /** @type {typeof import('../../src/index.ts')} */
  const { CmapClient } = await import(pathToFileURL(`${process.argv[2]}/index.js`).href);
  const client = await CmapClient.connect();
  await client.track('bench.idle.', { prefix: true, listener: () => process.exit(1) });
}
process.stdout.write('{}\n');
