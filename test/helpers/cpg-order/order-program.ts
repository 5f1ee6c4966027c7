import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ESBUILD = fileURLToPath(new URL('../../../node_modules/.bin/esbuild', import.meta.url));
const MAIN = fileURLToPath(new URL('order-member-main.ts', import.meta.url));

/**
 * Makes one file of the members on our client, and returns its path. To load the sources as they are takes each of them seconds of processor time: where
 * three corosyncs with real-time priority have a group to serve, that is a minute and more.
 */
export async function bundleMember(directory: string): Promise<string> {
  const program = join(directory, 'order-member.mjs');
  const options = ['--bundle', '--platform=node', '--format=esm', '--log-level=warning'];
  await promisify(execFile)(ESBUILD, [MAIN, ...options, `--outfile=${program}`]);
  return program;
}
