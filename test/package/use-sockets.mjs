import assert from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CmapClient } from 'corosync-client';

// A server that offers datagram sockets and makes nothing but their directory, for each client when it asks: how the client fails is
// the argument.
const directory = mkdtempSync(join(tmpdir(), 'use-sockets-'));
const name = `qb-${process.pid}-${process.pid}-3-abcdef`;
const answer = Buffer.alloc(12328);
answer.writeInt32LE(-1, 0);
answer.writeInt32LE(answer.length, 8);
answer.writeUInt32LE(65536, 28);
answer.write(`/dev/shm/${name}/qb-control-cmap`, 40);
answer.write(`/dev/shm/${name}/qb-cmap`, 40 + 4096);
const server = net.createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    mkdirSync(join(directory, name));
    socket.end(answer);
  });
});
await new Promise((resolve) => server.listen(join(directory, 'cmap'), resolve));
const options = { socketDirectory: directory, sharedMemoryDirectory: directory };
const error = await CmapClient.connect(options).catch((reason) => reason);
server.close();
rmSync(directory, { recursive: true });

const [, , code] = process.argv;
assert.equal(error.code, code, error.message);
if (code === 'CS_ERR_NOT_SUPPORTED') assert.match(error.message, /npm install node-unix-socket/);
