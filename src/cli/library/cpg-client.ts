/** Of the library only this: see `cmap-client.ts`. */
export { CpgClient } from '../../index.ts';
