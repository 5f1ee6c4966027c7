import { expect } from 'vitest';
import type { CmapNotification } from '../../src/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import type { Scenario } from './scenario.ts';

export const STATS: readonly Scenario[] = [
  {
    name: 'the stats map has statistics and nothing else, and cannot be changed',
    async run(target) {
      const client = await target.connect({ map: 'stats' });
      const { type } = await client.get(target.changingStat);
      expect(type).toBe('uint64');
      const keys = await collect(client.keys());
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.every(({ key }) => key.startsWith('stats.'))).toBe(true);
      expect(await ourOutcome(() => client.setUint32('stats.none', 1))).toBe('CS_ERR_ACCESS');
      expect(await ourOutcome(() => client.get('totem.cluster_name'))).toBe('CS_ERR_NOT_EXIST');
      expect(await ourOutcome(() => client.setUint32('stats.clear.none', 1))).toBe('CS_ERR_NOT_SUPPORTED');
      expect(await ourOutcome(() => client.setUint32('stats.clear.ipc', 1))).toBe('CS_OK');
    },
  },
  {
    name: 'a tracked statistic is told when it has changed, the new value as the old one, too',
    async run(target) {
      const client = await target.connect({ map: 'stats' });
      const told: CmapNotification[] = [];
      await client.track(target.changingStat, {
        listener: (event) => {
          if (event.kind === 'notification') told.push(event);
        },
      });
      await waitUntil('two changes', () => told.length >= 2);
      for (const { change: event, key, newValue, oldValue } of told) {
        expect({ event, key }).toEqual({ event: 'modify', key: target.changingStat });
        expect(oldValue).toEqual(newValue);
      }
      expect(told[0]?.newValue).not.toEqual(told[1]?.newValue);
    },
  },
  {
    name: 'statistics that come and go are told to prefix trackers, with equal values',
    async run(target) {
      const client = await target.connect({ map: 'stats' });
      const { passingStats } = target;
      const told: CmapNotification[] = [];
      await client.track(passingStats.prefix, {
        prefix: true,
        listener: (event) => {
          if (event.kind === 'notification') told.push(event);
        },
      });
      await passingStats.appear();
      await waitUntil('keys that appear', () => told.some(({ change: event }) => event === 'add'));
      await passingStats.vanish();
      await waitUntil('keys that vanish', () => told.some(({ change: event }) => event === 'delete'));
      expect(new Set(told.map(({ change: event }) => event))).toEqual(new Set(['add', 'delete']));
      for (const { newValue, oldValue } of told) expect(newValue).toEqual(oldValue);
    },
  },
];
