import { tsImport } from 'tsx/esm/api';
import type * as Client from '../../../src/index.ts';

/** Another copy of this library in the same thread, with all its modules, as from another place in node_modules. */
export async function anotherCopy(): Promise<typeof Client> {
  const url = new URL('../../../src/index.ts', import.meta.url).href;
  return (await tsImport(url, import.meta.url)) as typeof Client;
}
