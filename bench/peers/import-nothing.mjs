// The same program as import-only.mjs, without the client.
import { pathToFileURL } from 'node:url';

pathToFileURL(`${process.argv[2]}/index.js`);
