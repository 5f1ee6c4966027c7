/** Sets one key to 0 and 1 in turn, and another to 1, 2, ..., as fast as corosync takes it, until stdin ends; says how often. */
import { CmapClient } from '../../../src/index.ts';

const BATCH = 32;
const state = { writing: true };
process.stdin.resume().on('end', () => (state.writing = false));
const { from } = JSON.parse(process.argv[2] ?? '') as { from: number };
const client = await CmapClient.connect();
let last = from;
process.stdout.write('ready\n');
while (state.writing) {
  const changes: Promise<void>[] = [];
  for (let i = 0; i < BATCH; i++) {
    last += 1;
    changes.push(client.setUint8('recurring.value', last % 2), client.setUint32('recurring.count', last));
  }
  await Promise.all(changes);
}
await client.close();
process.stdout.write(`${last}\n`);
