// Imports the client and ends:  node bench/peers/import-only.mjs DIST
import { pathToFileURL } from 'node:url';

await import(pathToFileURL(`${process.argv[2]}/index.js`).href);
