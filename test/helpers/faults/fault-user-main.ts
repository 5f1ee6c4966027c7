/** Another user: at each line `try` it tries to connect, says what came of it, and whether its earlier connections still serve. */
import { createInterface } from 'node:readline';
import { CmapClient } from '../../../src/index.ts';
import { ourOutcome } from '../integration/integration-outcome.ts';

const { uid, gid } = JSON.parse(process.argv[2] ?? '') as { uid: number; gid: number };
process.setgroups?.([]);
process.setgid?.(gid);
process.setuid?.(uid);
const clients: CmapClient[] = [];

for await (const line of createInterface(process.stdin)) {
  if (line !== 'try') throw new Error(`told to ${line}`);
  const others = await Promise.all(clients.map((client) => ourOutcome(() => client.get('totem.version'))));
  const outcome = await ourOutcome(async () =>
    clients.push(await CmapClient.connect({ tryAgainAttempts: 0 })),
  );
  console.log([outcome, ...new Set(others.map((other) => `others ${other}`))].join(', '));
}
await Promise.all(clients.map((client) => client.close()));
