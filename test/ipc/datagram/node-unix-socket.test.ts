import { expect, it } from 'vitest';
import { loadNodeUnixSocket } from '../../../src/ipc/datagram/node-unix-socket.ts';

it('node-unix-socket is not used in a worker thread, whose end would abort the process', async () => {
  await expect(loadNodeUnixSocket('abstract', true)).rejects.toThrow('when a worker thread ends');
});
