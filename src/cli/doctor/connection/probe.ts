import { randomUUID } from 'node:crypto';
import net from 'node:net';

/** Whether this process may make unix sockets and connect them at all: to a name that nobody has, it is refused by the kernel's ECONNREFUSED. */
export function mayUseSockets(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: `\0corosync-client-${randomUUID()}` });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}
