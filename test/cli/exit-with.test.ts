import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Runs a program that ends with the promise that `code` makes. */
function program(code: string, nodeOptions = ''): { status: number | null; stdout: string; stderr: string } {
  const script = `import { exitWith } from './src/cli/exit-with.ts'; exitWith(${code});`;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  return { status, stdout, stderr };
}

describe('exitWith', () => {
  it('ends the process with the code, whatever else is going on', () => {
    expect(program('(setInterval(() => {}, 1000), Promise.resolve(3))')).toEqual({
      status: 3,
      stdout: '',
      stderr: '',
    });
    expect(program('Promise.resolve(0)').status).toBe(0);
  });

  it('says so when nothing is left to wait for, and the code has not come', () => {
    const { status, stderr } = program('new Promise(() => {})');
    expect(status).toBe(13);
    expect(stderr).toContain('ended before it was done');
  });

  it.each(['', '--unhandled-rejections=none', '--unhandled-rejections=warn'])(
    'shows an unexpected error, and ends with 1; NODE_OPTIONS=%j',
    (nodeOptions) => {
      const { status, stderr } = program("Promise.reject(new Error('unexpected'))", nodeOptions);
      expect(status).toBe(1);
      expect(stderr).toContain('Error: unexpected');
      expect(stderr).not.toContain('ended before');
    },
  );
});
