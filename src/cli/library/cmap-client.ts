/**
 * A file for each class of the library that a command may load: the bundle then takes of the library what that class needs, and
 * starts no more than that. With all of it, a quarter of what a run takes beside Node's own start went into what is never used.
 */
export { CmapClient } from '../../index.ts';
