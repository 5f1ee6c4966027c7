/**
 * Sets one key to 0 and 1 in turn, and another to 1, 2, ..., as fast as corosync takes it, until stdin ends; says how often. More than so many times would
 * have whoever listens on a busy machine listen for long after.
 */
import { once } from 'node:events';
import { CmapClient } from '../../../src/index.ts';

const BATCH = 32;
const MOST = 3000;
const state = { writing: true };
process.stdin.resume().on('end', () => (state.writing = false));
const ended = once(process.stdin, 'end');
const { from } = JSON.parse(process.argv[2] ?? '') as { from: number };
const client = await CmapClient.connect();
let last = from;
process.stdout.write('ready\n');
while (state.writing && last - from < MOST) {
  const changes: Promise<void>[] = [];
  for (let i = 0; i < BATCH; i++) {
    last += 1;
    changes.push(client.setUint8('recurring.value', last % 2), client.setUint32('recurring.count', last));
  }
  await Promise.all(changes);
}
await client.close();
await ended;
process.stdout.write(`${last}\n`);
