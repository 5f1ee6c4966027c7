/** Of the library only this: see `cmap-client.ts`. */
export { QuorumClient } from '../../index.ts';
