import { spawnSync } from 'node:child_process';

/** Milliseconds from starting a program to its end. It must succeed; what it prints is dropped. */
export function timeProcess(program: string, words: readonly string[]): number {
  const startedAt = performance.now();
  const { status, error } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} failed`, { cause: error });
  return ms;
}
