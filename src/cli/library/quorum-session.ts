/** Of the library only this: see `cmap-client.ts`. */
export { QuorumSession } from '../../index.ts';
