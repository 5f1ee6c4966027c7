import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = new URL('../../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, repository));

/** The programs of test/c, with the library each is about. */
const LIBRARIES = {
  'cfg-peer': 'cfg',
  'cmap-peer': 'cmap',
  'cmap-load': 'cmap',
  'cmap-witness': 'cmap',
  'cpg-order-member': 'cpg',
  'cpg-peer': 'cpg',
  'quorum-peer': 'quorum',
  'votequorum-peer': 'votequorum',
  confine: 'c',
  idmap: 'c',
} as const;

export type CProgram = keyof typeof LIBRARIES;

/**
 * Compiles test/c/NAME.c into build/c/NAME unless that is up to date, and returns the program's path. Others may do the same at this moment:
 * in a pid namespace of their own, where they have the same pid.
 */
export function compileC(name: CProgram): string {
  const source = pathOf(`test/c/${name}.c`);
  const program = pathOf(`build/c/${name}`);
  if ((statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0) > lastChange(source)) return program;
  mkdirSync(pathOf('build/c'), { recursive: true });
  const directory = mkdtempSync(`${program}.`);
  const unfinished = join(directory, name);
  const flags = ['-Wall', '-Wextra', '-Werror', '-O2'];
  const libraries = [`-l${LIBRARIES[name]}`, '-lqb', '-ldl'];
  execFileSync('gcc', [...flags, '-o', unfinished, source, ...libraries], { stdio: 'inherit' });
  renameSync(unfinished, program);
  rmSync(directory, { recursive: true });
  return program;
}

/** When the program or a header of test/c was changed last. */
function lastChange(source: string): number {
  const headers = readdirSync(pathOf('test/c')).filter((name) => name.endsWith('.h'));
  return Math.max(...[source, ...headers.map((name) => pathOf(`test/c/${name}`))].map(changed));
}

function changed(path: string): number {
  return statSync(path).mtimeMs;
}
