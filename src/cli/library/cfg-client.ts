/** Of the library only this: see `cmap-client.ts`. */
export { CfgClient } from '../../index.ts';
