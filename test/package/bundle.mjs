import { CmapClient } from 'corosync-client';
import { FakeCorosync } from 'corosync-client/testing';

// What bundlers are given. Whether the package for datagram sockets is there is the argument; bundled it cannot be.
async function main(hasSockets) {
  for (const ipcType of ['shm', 'socket']) {
    const outcome = await use(ipcType).catch((error) => error);
    const missing = ipcType === 'socket' && !hasSockets;
    if (missing ? !/npm install node-unix-socket/.test(outcome?.message) : outcome !== 'test') throw outcome;
  }
}

async function use(ipcType) {
  const entries = { 'totem.cluster_name': { type: 'string', value: 'test' } };
  const fake = await FakeCorosync.start({ entries, ipcType });
  const client = await CmapClient.connect(fake.connectOptions);
  const value = await client.getString('totem.cluster_name');
  await client.close();
  await fake.stop();
  return value;
}

main(process.argv[2] === 'sockets').catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
