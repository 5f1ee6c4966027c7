// Holds the picture of the cluster, and does nothing else:  node bench/peers/hold-cluster.mjs DIST
import { pathToFileURL } from 'node:url';

/** @type {typeof import('../../src/index.ts')} */
const { Cluster } = await import(pathToFileURL(`${process.argv[2]}/index.js`).href);
await Cluster.open().ready();
process.stdout.write('{}\n');
