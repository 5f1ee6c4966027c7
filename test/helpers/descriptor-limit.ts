import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs `body` while the process may have no more than `most` descriptors open. */
export async function withDescriptorLimit(
  pid: number,
  most: number,
  body: () => Promise<void>,
): Promise<void> {
  const prlimit = (...words: string[]): Promise<{ stdout: string }> =>
    run('prlimit', [`--pid=${pid}`, ...words]);
  const { stdout } = await prlimit('--nofile', '-o', 'SOFT,HARD', '--noheadings');
  const [soft = '', hard = ''] = stdout.trim().split(/\s+/);
  await prlimit(`--nofile=${most}:${hard}`);
  try {
    await body();
  } finally {
    await prlimit(`--nofile=${soft}:${hard}`);
  }
}
