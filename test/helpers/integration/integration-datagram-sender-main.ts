/** Sends datagrams to abstract names, as another user: each line on stdout says what became of one. */
import { loadNodeUnixSocket } from '../../../src/ipc/datagram/node-unix-socket.ts';
import type { ForeignDatagram } from './integration-datagram-sender.ts';

const { uid, datagrams } = JSON.parse(process.argv[2] ?? '') as { uid: number; datagrams: ForeignDatagram[] };
const backend = await loadNodeUnixSocket('abstract');

process.setgroups?.([]);
process.setgid?.(uid);
process.setuid?.(uid);

const listener = { onDatagram: () => undefined, onError: () => undefined };
const socket = backend.bind(`foreign-${process.pid}`, listener);
for (const { to, hex } of datagrams) {
  try {
    socket.send(Buffer.from(hex, 'hex'), to);
    process.stdout.write('sent\n');
  } catch (error) {
    process.stdout.write(`${String((error as { code?: unknown }).code)}\n`);
  }
}
socket.close();
