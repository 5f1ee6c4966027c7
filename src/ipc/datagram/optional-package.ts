/**
 * Loads a package that need not be installed. The name is no constant for bundlers, and they are told to leave the import alone: they would
 * stop at a package that is not there, and cannot take native code in.
 */
export function importPackage(name: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}
