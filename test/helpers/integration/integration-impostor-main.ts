/**
 * Takes corosync's abstract socket name as another user, and answers each client with the bytes that the last line
 * on stdin gave in hex; then holds the connection. `-` closes it without an answer.
 */
import net from 'node:net';
import { createInterface } from 'node:readline';

const SUN_PATH_SIZE = 108;
const { uid } = JSON.parse(process.argv[2] ?? '') as { uid: number };
let answer = '-';

process.setgroups?.([]);
process.setgid?.(uid);
process.setuid?.(uid);

const server = net.createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    if (answer === '-') socket.destroy();
    else socket.write(Buffer.from(answer, 'hex'));
  });
});
server.listen({ path: '\0cmap'.padEnd(SUN_PATH_SIZE, '\0') }, () => process.stdout.write('ready\n'));

createInterface(process.stdin)
  .on('line', (line) => {
    answer = line;
    process.stdout.write('ready\n');
  })
  .on('close', () => process.exit());
