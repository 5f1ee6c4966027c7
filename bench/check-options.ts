import { optionsOrExit } from './options.ts';

// Before anything is built or installed for it.
optionsOrExit(process.argv.slice(2));
