import { describe } from 'vitest';
import { loadUnixDgram } from '../../src/ipc/datagram/unix-dgram-socket.ts';

/** unix-dgram compiles on installation and is not among the development dependencies: scripts/test.sh tries to install it. */
async function hasUnixDgram(): Promise<boolean> {
  try {
    await loadUnixDgram();
    return true;
  } catch (error) {
    const reason = 'needs the package unix-dgram: npm install --no-save unix-dgram';
    if (process.env.CI !== undefined)
      throw new Error(`a test of datagram sockets ${reason}`, { cause: error });
    console.warn(`skipped: tests of datagram sockets whose names are files: ${reason}`);
    return false;
  }
}

const unixDgram = await hasUnixDgram();

/** Tests over abstract names (node-unix-socket), and over files (unix-dgram), where that package is there. */
export function describeOnDatagrams(name: string, define: (namespace: 'abstract' | 'file') => void): void {
  describe(`${name} (abstract names, node-unix-socket)`, () => define('abstract'));
  describe.skipIf(!unixDgram)(`${name} (files, unix-dgram)`, () => define('file'));
}
