import { buildSync } from 'esbuild';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const done = new Map<string, string>();

/**
 * Makes one file of a program of test/helpers, such as `integration/integration-child-main.ts`, once for each process of tests, and
 * returns its path. To load the sources as they are takes each process or thread of the program a second of processor time.
 */
export function bundled(name: string): string {
  const program = done.get(name) ?? bundle(name);
  done.set(name, program);
  return program;
}

/** As deep as the source is, so that paths relative to it lead to the same place. Who else bundles it at this moment makes the same. */
function bundle(name: string): string {
  const program = pathOf(`build/programs/${name.replace(/ts$/, 'mjs')}`);
  mkdirSync(dirname(program), { recursive: true });
  const unfinished = mkdtempSync(`${program}.`);
  const outfile = join(unfinished, 'program.mjs');
  buildSync({
    entryPoints: [pathOf(`test/helpers/${name}`)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    logLevel: 'warning',
  });
  renameSync(outfile, program);
  rmSync(unfinished, { recursive: true });
  return program;
}
