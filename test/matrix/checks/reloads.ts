import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfgClient, Cluster } from 'corosync-client';
import { waitUntil } from '../../helpers/wait-until.ts';
import { codeOf, type Check } from '../cell.ts';

export const reloads: readonly Check[] = [
  {
    name: 'a cluster that is open tells of each reload whether it was good',
    async run(cell) {
      await using cluster = Cluster.open();
      await using cfg = await CfgClient.connect();
      await cluster.ready();
      const told: string[] = [];
      cluster.events({
        types: ['reload.ok', 'reload.failed'],
        listener: ({ type }) => void told.push(type),
      });
      const conf = join(cell.corosync.directory, 'corosync.conf');
      const good = readFileSync(conf, 'utf8');
      const reload = async (text: string): Promise<void> => {
        const before = told.length;
        writeFileSync(conf, text);
        await codeOf(cfg.reloadConfig());
        await waitUntil('the reload is told', () => told.length > before);
      };
      await reload(good);
      await reload(good.replace('version: 2', 'version 2'));
      await reload(good);
      assert.deepEqual(told, ['reload.ok', 'reload.failed', 'reload.ok']);
      for (const line of cell.complaints())
        assert.match(line, /corosync\.conf|configuration|reload|parse|line/i);
    },
  },
];
