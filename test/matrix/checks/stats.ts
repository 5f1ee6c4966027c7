import assert from 'node:assert/strict';
import type { CmapEntry, CmapTrackEvent } from 'corosync-client';
import { waitUntil } from '../../helpers/wait-until.ts';
import type { Check } from '../cell.ts';

/** Those that a monitor lives on, in every release. */
const WANTED: readonly (readonly [key: string, type: string])[] = [
  ['stats.ipcs.global.active', 'uint64'],
  ['stats.ipcs.global.closed', 'uint64'],
  ['stats.knet.handle.rx_crypt_packets', 'uint64'],
  ['stats.knet.node1.link0.connected', 'uint8'],
  ['stats.knet.node1.link0.down_count', 'uint32'],
  ['stats.srp.continuous_gather', 'uint32'],
  ['stats.srp.firewall_enabled_or_nic_failure', 'uint8'],
  ['stats.srp.mcast_retx', 'uint64'],
  ['stats.srp.operational_token_lost', 'uint64'],
];

export const stats: readonly Check[] = [
  {
    name: 'read the statistics',
    async run(cell) {
      const client = await cell.connect({ map: 'stats' });
      const entries = new Map<string, CmapEntry['value']>();
      for await (const { key, value } of client.entries()) entries.set(key, value);
      for (const [key, type] of WANTED) assert.equal(entries.get(key)?.type, type, key);
      const ours = [...entries].filter(([key]) => key.startsWith(`stats.ipcs.service0.${process.pid}.`));
      const field = (name: string): unknown => ours.find(([key]) => key.endsWith(`.${name}`))?.[1].value;
      assert.equal(typeof field('procname'), 'string');
      assert.equal(field('invalid_request'), 0n);
      assert.ok(Number(field('requests')) > 0);
      assert.equal(
        await client.getUint64('stats.ipcs.global.closed'),
        entries.get('stats.ipcs.global.closed')?.value,
      );
    },
  },
  {
    name: 'track statistics: a counter, and connections that come and go',
    async run(cell) {
      const client = await cell.connect({ map: 'stats' });
      const told: string[] = [];
      const listener = (event: CmapTrackEvent): void => {
        if (event.kind === 'notification') told.push(`${event.change} ${event.key}`);
      };
      await client.track('stats.ipcs.global.active', { events: ['modify'], listener });
      await client.track('stats.ipcs.service0.', { prefix: true, events: ['add', 'delete'], listener });
      const other = await cell.connect();
      const hears = (what: string, pattern: RegExp): Promise<void> =>
        waitUntil(what, () => told.some((text) => pattern.test(text)));
      await hears('the other connection is told', /^add .*\.procname$/);
      await hears('so is the counter', /^modify stats\.ipcs\.global\.active$/);
      await other.close();
      await hears('the end of the other connection is told', /^delete .*\.procname$/);
    },
  },
  {
    name: 'clear statistics',
    async run(cell) {
      const client = await cell.connect({ map: 'stats' });
      const requests = async (): Promise<number> => {
        for await (const { key, value } of client.entries(`stats.ipcs.service0.${process.pid}.`)) {
          if (key.endsWith('.requests')) return Number(value.value);
        }
        throw new Error('this connection has no statistics');
      };
      await Promise.all(Array.from({ length: 500 }, () => client.get('stats.ipcs.global.active')));
      assert.ok((await requests()) >= 500);
      await client.setUint32('stats.clear.ipc', 1);
      assert.ok((await requests()) < 500);
    },
  },
];
