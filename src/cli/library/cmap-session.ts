/** Of the library only this: see `cmap-client.ts`. */
export { CmapSession } from '../../index.ts';
