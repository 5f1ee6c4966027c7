import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { CmapClient } from 'corosync-client';
import { waitUntil } from '../../helpers/wait-until.ts';
import { codeOf, type Check } from '../cell.ts';

const ROUNDS = 20;

/** Of this process; a few come and go with the runtime's own work. */
const openFiles = (): number => readdirSync('/proc/self/fd').length;

async function use(): Promise<void> {
  await using client = await CmapClient.connect();
  await client.track('matrix.', { prefix: true });
  for await (const { key } of client.keys()) if (key !== '') break;
  const pending = client.get('totem.version');
  await client.close();
  assert.equal(await codeOf(pending), 'CS_OK');
  assert.equal(await codeOf(client.get('totem.version')), 'CS_ERR_BAD_HANDLE');
}

export const closing: readonly Check[] = [
  {
    name: 'a closed connection leaves nothing behind',
    async run(cell) {
      await use();
      const before = openFiles();
      for (let round = 0; round < ROUNDS; round++) await use();
      await waitUntil('the files are closed', () => openFiles() < before + ROUNDS);
      await waitUntil('shared memory is clean', () => cell.corosync.sharedMemoryLeftovers().length === 0);
      await waitUntil(
        'corosync knows of no connection',
        async () => (await cell.corosync.ipcStats(process.pid)).length === 0,
      );
    },
  },
];
