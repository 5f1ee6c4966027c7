// A whole short life: connects, gets one value, ends.  node bench/peers/first-get.mjs DIST
import { pathToFileURL } from 'node:url';

/** @type {typeof import('../../src/index.ts')} */
const { CmapClient } = await import(pathToFileURL(`${process.argv[2]}/index.js`).href);
const client = await CmapClient.connect();
await client.get('bench.get.000000');
process.stdout.write(`${performance.now()}\n`);
await client.close();
