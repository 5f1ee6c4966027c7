import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapClient, type CmapChange, type CsErrorName } from '../../src/index.ts';
import { CMAP_TRACK, CMAP_TYPES, type CmapPeer } from '../helpers/corosync/c-peer.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { EventReader } from '../helpers/integration/integration-events.ts';
import { errorOf, peerOutcome } from '../helpers/integration/integration-outcome.ts';
import { sideBySide, uint32, untyped, type Row } from '../helpers/integration/integration-side-by-side.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { eventCode, wireOf } from '../helpers/integration/integration-values.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const U32 = Buffer.alloc(4);

describeOnCorosync(
  'the stats map, as libcmap',
  (suite) => {
    const KEY = 'stats.pg.msg_queue_avail';
    const change = (
      what: string,
      key: string,
      libcmap: (peer: CmapPeer, key: string) => Promise<number>,
      ours: (client: CmapClient, key: string) => Promise<void>,
      outcome: CsErrorName,
    ): Row => ({
      what: `${what} ${key}`,
      libcmap: (peer) => libcmap(peer, key),
      ours: (client) => ours(client, key),
      outcome,
    });
    const set = (key: string, outcome: CsErrorName): Row =>
      change(
        'set',
        key,
        (peer, name) => peer.set(name, CMAP_TYPES.uint32, U32),
        (client, name) => client.set(name, uint32()),
        outcome,
      );
    const adjustOrDelete = (key: string, outcome: CsErrorName): Row[] => [
      change(
        'delete',
        key,
        (peer, name) => peer.delete(name),
        (client, name) => client.delete(name),
        outcome,
      ),
      change(
        'inc',
        key,
        (peer, name) => peer.inc(name),
        (client, name) => client.increment(name),
        outcome,
      ),
      change(
        'dec',
        key,
        (peer, name) => peer.dec(name),
        (client, name) => client.decrement(name),
        outcome,
      ),
    ];
    const EVENTS: readonly (readonly [CmapChange, number])[] = [
      ['delete', 1],
      ['modify', 2],
      ['add', 4],
    ];
    const track = (type: number, outcome: CsErrorName): Row => ({
      what: `track ${type >= 8 ? 'a prefix' : 'a key'}, type ${type}`,
      libcmap: (peer) => peer.trackAdd(type >= 8 ? 'stats.' : KEY, type),
      ours: (client) =>
        client.track(type >= 8 ? 'stats.' : KEY, {
          prefix: type >= 8,
          events: EVENTS.filter(([, bit]) => (type & bit) !== 0).map(([event]) => event),
        }),
      outcome,
    });
    const refused = { ours: 'CS_ERR_INVALID_PARAM', because: 'such a tracker never fires' } as const;
    sideBySide(suite, 'stats', [
      set(KEY, 'CS_ERR_ACCESS'),
      set('stats.no.such', 'CS_ERR_ACCESS'),
      set('test.key', 'CS_ERR_ACCESS'),
      set('k', 'CS_ERR_ACCESS'),
      ...adjustOrDelete(KEY, 'CS_ERR_ACCESS'),
      ...adjustOrDelete('no.such.key', 'CS_ERR_ACCESS'),
      ...['ipc', 'totem', 'knet', 'all'].map((name) => set(`stats.clear.${name}`, 'CS_OK')),
      set('stats.clear.bogus', 'CS_ERR_NOT_SUPPORTED'),
      ...adjustOrDelete('stats.clear.ipc', 'CS_ERR_NOT_SUPPORTED'),
      {
        what: 'get a missing key',
        libcmap: (peer) => peer.get('stats.no.such'),
        ours: (client) => client.get('stats.no.such'),
        outcome: 'CS_ERR_NOT_EXIST',
      },
      track(2, 'CS_OK'),
      ...[9, 10, 11, 12, 14].map((type) => track(type, 'CS_ERR_NOT_SUPPORTED')),
      track(13, 'CS_OK'),
      track(15, 'CS_OK'),
      {
        what: 'track a missing key',
        libcmap: (peer) => peer.trackAdd('stats.no.such', 2),
        ours: (client) => client.track('stats.no.such', { events: ['modify'] }),
        outcome: 'CS_OK',
      },
      { ...track(0, 'CS_OK'), differs: refused },
      {
        what: 'track with the undefined type 64',
        libcmap: (peer) => peer.trackAdd(KEY, 64),
        ours: (client) => client.track(KEY, { events: [untyped(64)] }),
        outcome: 'CS_OK',
        differs: refused,
      },
      {
        what: 'a map that is none',
        libcmap: (peer) => peer.connect(2),
        ours: () => CmapClient.connect({ map: untyped(2) }),
        outcome: 'CS_ERR_NOT_EXIST',
      },
    ]);

    it('reads every key, as libcmap with a large buffer does', async () => {
      const [client, peer] = [await suite.connect({ map: 'stats' }), await suite.peer(1)];
      // Statistics move; the keys that do not are compared.
      const settled = /\.(?:mtu|connected|enabled|procname|msg_reserved|gather_entered|commit_entered)$/;
      let compared = 0;
      for await (const { key, value } of client.entries()) {
        const libcmap = await peer.get(key, 1024);
        expect({ key, code: libcmap.code, type: libcmap.type }).toEqual({
          key,
          code: 1,
          type: wireOf(value).type,
        });
        if (settled.test(key)) expect(wireOf(value).bytes).toEqual(libcmap.value.subarray(0, libcmap.length));
        compared += 1;
      }
      expect(compared).toBeGreaterThan(100);
    });

    it('lists keys as libcmap does, text with length 0', async () => {
      const [client, peer] = [await suite.connect({ map: 'stats' }), await suite.peer(1)];
      const { keys } = await peer.iter('stats.');
      const ours = (await collect(client.keys('stats.'))).map(({ key, type, valueLength }) => ({
        key,
        length: valueLength,
        type: CMAP_TYPES[type as keyof typeof CMAP_TYPES],
      }));
      expect(ours).toEqual(keys);
      const names = ours.filter(({ key }) => key.endsWith('.procname'));
      expect(names.length).toBeGreaterThan(0);
      expect(names.every(({ length }) => length === 0)).toBe(true);
    });

    it('tells of connections that come and go, old and new value alike', async () => {
      const [client, peer] = [await suite.connect({ map: 'stats' }), await suite.peer(1)];
      const seen: string[] = [];
      await client.track('stats.ipcs.service0.', {
        prefix: true,
        events: ['add', 'delete'],
        listener: (event) => {
          if (event.kind !== 'notification') return;
          expect(event.newValue).toEqual(event.oldValue);
          seen.push(`${eventCode(event.change)} ${event.key} ${wireOf(event.newValue).type}`);
        },
      });
      await peer.trackAdd('stats.ipcs.service0.', CMAP_TRACK.prefix | CMAP_TRACK.add | CMAP_TRACK.delete);
      const guest = await CmapClient.connect();
      await guest.close();
      await waitUntil('both have heard of the guest', () => {
        const deletes = seen.filter((line) => line.startsWith('1 ')).length;
        return deletes > 0 && peer.notifications.length === seen.length;
      });
      expect(peer.notifications.map(({ event, key, newType }) => `${event} ${key} ${newType}`)).toEqual(seen);
      for (const { newType, newValue, oldType, oldValue } of peer.notifications) {
        expect([newType, newValue]).toEqual([oldType, oldValue]);
      }
    });

    it('tells of changes by a poll; old and new value are both the new one', async () => {
      const [client, peer] = [await suite.connect({ map: 'stats' }), await suite.peer(1)];
      const tracker = await client.track('stats.srp.orf_token_rx', { events: ['modify'] });
      await peer.trackAdd('stats.srp.orf_token_rx', CMAP_TRACK.modify);
      const { change: event, newValue, oldValue } = await new EventReader(tracker).notification();
      expect(event).toBe('modify');
      expect(newValue?.type).toBe('uint64');
      expect(newValue).toEqual(oldValue);
      const [first] = await peer.notified(1);
      expect(first?.newValue).toEqual(first?.oldValue);
    });

    it.each([['modify'], ['add', 'modify', 'delete']] as const)(
      'refuses to track the changes of a text, which can crash corosync: %s',
      async (...events) => {
        const client = await suite.connect({ map: 'stats' });
        for await (const { key, type } of client.keys('stats.ipcs.')) {
          if (type !== 'string') continue;
          const error = await errorOf(client.track(key, { events }));
          expect(error).toMatchObject({ code: 'CS_ERR_INVALID_PARAM', operation: 'cmap_track_add', key });
          expect(error.message).toContain('crash');
        }
        await expect(client.track('stats.ipcs.service9.1.x.procname', { events })).rejects.toThrow('crash');
      },
    );

    it('reads the keys of a scheduling pause; libcmap’s length query of them kills corosync', async () => {
      const client = await suite.connect({ map: 'stats' });
      suite.corosync.pause();
      await sleep(1200); // beyond 80 % of the token timeout
      suite.corosync.resume();
      const read = async (): Promise<string[]> =>
        (await collect(client.entries('stats.schedmiss.'))).map(({ key, value }) => `${key} ${value.type}`);
      await waitUntil('corosync notices the pause', async () => (await read()).length > 0);
      // A busy machine may add misses of its own.
      const kinds = new Set((await read()).map((line) => line.replace(/\d+/, 'N')));
      expect(kinds).toEqual(new Set(['stats.schedmiss.N.delay float', 'stats.schedmiss.N.timestamp uint64']));
      expect(suite.corosync.running).toBe(true);

      await client.close();
      const peer = await suite.peer(1);
      expect(await peerOutcome(() => peer.get('stats.schedmiss.0.delay', -1))).toBe('CS_ERR_LIBRARY');
      await suite.corosync.exited();
      expect(suite.corosync.exitCode).toBe(139);
      await suite.restart();
    });
  },
  { config: { totem: 'token: 1000' } },
);
