/** Sets a uint32 key to 1, 2, ... as fast as corosync takes it, from a process of its own. */
import { CmapClient } from '../../../src/index.ts';

const BATCH = 64; // hundreds at once would be told faster than anybody can listen
const { key, count } = JSON.parse(process.argv[2] ?? '') as { key: string; count: number };
const client = await CmapClient.connect();
for (let done = 0; done < count; done += BATCH) {
  const values = Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => done + index + 1);
  await Promise.all(values.map((value) => client.setUint32(key, value)));
}
await client.close();
