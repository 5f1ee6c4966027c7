import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sendAll } from '../../../src/cli/cpg/send-all.ts';

const EMPTY = new Uint8Array();

it('reads no more short messages than some thousands ahead of what is sent, and sends all', async () => {
  const waiting: (() => void)[] = [];
  let sent = 0;
  const client = {
    mcast: (): Promise<void> =>
      new Promise((resolve) => {
        sent += 1;
        waiting.push(resolve);
      }),
  };
  const all = sendAll(client, Array<Uint8Array>(50_000).fill(EMPTY));
  await turn();
  expect(sent).toBeLessThan(5000);
  while (sent < 50_000) {
    for (const resolve of waiting.splice(0)) resolve();
    await turn();
  }
  for (const resolve of waiting) resolve();
  await all;
});

it('ends at the first message that fails, with its error', async () => {
  let sent = 0;
  const client = {
    mcast: (): Promise<void> =>
      (sent += 1) === 1 ? Promise.reject(new Error('the first')) : Promise.reject(new Error('another')),
  };
  await expect(sendAll(client, [EMPTY, EMPTY, EMPTY])).rejects.toThrow('the first');
});
