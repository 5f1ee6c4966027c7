/** Of the library only this: see `cmap-client.ts`. */
export { Cluster } from '../../index.ts';
