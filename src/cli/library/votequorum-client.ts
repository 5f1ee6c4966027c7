/** Of the library only this: see `cmap-client.ts`. */
export { VotequorumClient } from '../../index.ts';
