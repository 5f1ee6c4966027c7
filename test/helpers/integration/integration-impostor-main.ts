/**
 * Takes the name of corosync's socket as another user. For each client it writes a line, `asked`, and gives the client the bytes of the next
 * line on stdin, in hex; then it holds the connection. `-` closes it without an answer, `end` closes all.
 */
import net from 'node:net';
import { createInterface } from 'node:readline';

const { uid, path } = JSON.parse(process.argv[2] ?? '') as { uid: number; path: string };
const unanswered: net.Socket[] = [];
const sockets = new Set<net.Socket>();

process.setgroups?.([]);
process.setgid?.(uid);
process.setuid?.(uid);

const server = net.createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  socket.once('data', () => {
    unanswered.push(socket);
    process.stdout.write('asked\n');
  });
});
server.listen({ path }, () => process.stdout.write('ready\n'));

createInterface(process.stdin)
  .on('line', (line) => {
    if (line === 'end') for (const socket of sockets) socket.destroy();
    else if (line === '-') unanswered.shift()?.destroy();
    else unanswered.shift()?.write(Buffer.from(line, 'hex'));
  })
  .on('close', () => process.exit());
