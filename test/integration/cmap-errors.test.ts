import { describe, expect, it } from 'vitest';
import {
  type CmapClient,
  type CmapValue,
  type CmapValueType,
  type CsErrorName,
  type CmapTrackOptions,
} from '../../src/index.ts';
import { CMAP_TYPES } from '../helpers/corosync/c-peer.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { ourOutcome, peerOutcome } from '../helpers/integration/integration-outcome.ts';
import { sideBySide, uint32, untyped, type Row } from '../helpers/integration/integration-side-by-side.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { wireOf } from '../helpers/integration/integration-values.ts';
import { READ_ONLY_PREFIXES } from '../../src/cmap/values/keys.ts';

const LONGEST = 'k'.repeat(255);
const TOO_LONG = 'k'.repeat(256);
const U32 = Buffer.alloc(4);

const NAMES = {
  'an empty name': '',
  'one character': 'k',
  'two characters': 'kk',
  'a space': 'test key',
  'an invalid character': 'test.k%y',
  'a letter beyond ASCII': 'test.kéy',
};

const READ_ONLY = [
  'internal_configuration.service.0.name',
  'internal_configuration.no.such',
  'runtime.services.no.such',
  'runtime.config.totem.token',
  'runtime.totem.no.such',
  'uidgid.config.uid.0',
  'system.move_to_root_cgroup',
  'nodelist.node.0.nodeid',
  'nodelist.no.such',
  'totem.nodeid',
  'totem.cluster_name',
  // No such key can be, but corosync looks first whether it is read-only.
  ...READ_ONLY_PREFIXES.flatMap((prefix) => [`${prefix}a b`, `${prefix}é`]),
];

describeOnCorosync('every measured outcome of libcmap', (suite) => {
  describe('get, as libcmap', () => {
    sideBySide(suite, 'icmap', [
      {
        what: 'a missing key',
        libcmap: (peer) => peer.get('no.such.key'),
        ours: (client) => client.get('no.such.key'),
        outcome: 'CS_ERR_NOT_EXIST',
      },
      ...Object.entries({ ...NAMES, 'a name of 255 characters': LONGEST }).map(([what, key]): Row => ({
        what: `${what} (get does not validate names)`,
        libcmap: (peer) => peer.get(key),
        ours: (client) => client.get(key),
        outcome: 'CS_ERR_NOT_EXIST',
      })),
      {
        what: 'a name of 256 characters',
        libcmap: (peer) => peer.get(TOO_LONG),
        ours: (client) => client.get(TOO_LONG),
        outcome: 'CS_ERR_NAME_TOO_LONG',
      },
      {
        what: 'no name',
        libcmap: (peer) => peer.get(null),
        ours: (client) => client.get(untyped(null)),
        outcome: 'CS_ERR_INVALID_PARAM',
      },
      {
        what: 'a buffer that is too small',
        libcmap: (peer) => peer.get('totem.cluster_name', 3),
        ours: (client) => client.get('totem.cluster_name'),
        outcome: 'CS_ERR_INVALID_PARAM',
        differs: { ours: 'CS_OK', because: 'there is no buffer to get wrong' },
      },
    ]);

    it('leaves the length alone if the buffer is too small; ours is never too small', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      expect(await peer.get('totem.cluster_name', 3)).toMatchObject({ code: 7, length: 3 });
      const value: CmapValue = {
        type: 'binary',
        value: Uint8Array.from({ length: 16384 }, (_, i) => i % 256),
      };
      await client.set('test.large', value);
      expect(await client.get('test.large')).toEqual(value);
    });

    it('knows length and type without the value, by the iterator as by a length query', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      expect(await peer.get('totem.cluster_name', -1)).toMatchObject({ code: 1, length: 8, type: 11 });
      const keys = await collect(client.keys('totem.cluster_name'));
      expect(keys).toEqual([{ key: 'totem.cluster_name', type: 'string', valueLength: 8 }]);
    });
  });

  describe('typed getters: any other type is CS_ERR_INVALID_PARAM', () => {
    const samples: Record<Exclude<CmapValueType, 'unknown'>, CmapValue> = {
      int8: { type: 'int8', value: 1 },
      uint8: { type: 'uint8', value: 1 },
      int16: { type: 'int16', value: 1 },
      uint16: { type: 'uint16', value: 1 },
      int32: { type: 'int32', value: 1 },
      uint32: { type: 'uint32', value: 1 },
      int64: { type: 'int64', value: 1n },
      uint64: { type: 'uint64', value: 1n },
      float: { type: 'float', value: 1 },
      double: { type: 'double', value: 1 },
      string: { type: 'string', value: '1' },
      binary: { type: 'binary', value: Uint8Array.of(1) },
    };
    const getters: Record<string, (client: CmapClient, key: string) => Promise<unknown>> = {
      int8: (client, key) => client.getInt8(key),
      uint8: (client, key) => client.getUint8(key),
      int16: (client, key) => client.getInt16(key),
      uint16: (client, key) => client.getUint16(key),
      int32: (client, key) => client.getInt32(key),
      uint32: (client, key) => client.getUint32(key),
      int64: (client, key) => client.getInt64(key),
      uint64: (client, key) => client.getUint64(key),
      float: (client, key) => client.getFloat(key),
      double: (client, key) => client.getDouble(key),
      string: (client, key) => client.getString(key),
      binary: (client, key) => client.getBinary(key),
    };

    it.each(Object.entries(samples))('of %s', async (type, sample) => {
      const client = await suite.connect();
      await client.set('test.typed', sample);
      for (const [asked, getter] of Object.entries(getters)) {
        const outcome = await ourOutcome(() => getter(client, 'test.typed'));
        expect({ asked, outcome }).toEqual({
          asked,
          outcome: asked === type ? 'CS_OK' : 'CS_ERR_INVALID_PARAM',
        });
      }
      expect(await getters[type]?.(client, 'test.typed')).toEqual(sample.value);
    });

    it('of a key that is missing: CS_ERR_NOT_EXIST', async () => {
      const client = await suite.connect();
      for (const getter of Object.values(getters)) {
        expect(await ourOutcome(() => getter(client, 'no.such.key'))).toBe('CS_ERR_NOT_EXIST');
      }
    });
  });

  describe('set, as libcmap', () => {
    const set = (what: string, key: string, outcome: CsErrorName): Row => ({
      what,
      libcmap: (peer) => peer.set(key, CMAP_TYPES.uint32, U32),
      ours: (client) => client.set(key, uint32()),
      outcome,
    });
    const value = (
      what: string,
      type: 'string' | 'binary',
      content: string | Uint8Array,
      outcome: CsErrorName,
    ): Row => ({
      what,
      libcmap: (peer) => peer.set(`test.c.${type}`, CMAP_TYPES[type], content),
      ours: (client) => client.set(`test.ours.${type}`, untyped({ type, value: content })),
      outcome,
    });
    sideBySide(suite, 'icmap', [
      ...READ_ONLY.map((key) => set(`read-only ${key}`, key, 'CS_ERR_ACCESS')),
      ...Object.entries(NAMES).map(([what, key]) => set(what, key, 'CS_ERR_NAME_TOO_LONG')),
      set('a name of 255 characters', LONGEST, 'CS_OK'),
      set('a name of 256 characters', TOO_LONG, 'CS_ERR_NAME_TOO_LONG'),
      {
        what: 'no name',
        libcmap: (peer) => peer.set(null, CMAP_TYPES.uint32, U32),
        ours: (client) => client.set(untyped(null), uint32()),
        outcome: 'CS_ERR_INVALID_PARAM',
      },
      {
        what: 'no value',
        libcmap: (peer) => peer.set('test.none', CMAP_TYPES.uint32, untyped(null)),
        ours: (client) => client.set('test.none', untyped(null)),
        outcome: 'CS_ERR_INVALID_PARAM',
      },
      ...(
        [
          ['int8', 2, 128],
          ['uint8', 4, 256],
          ['int16', 1, 32768],
          ['uint16', 4, 65536],
          ['int32', 8, 2 ** 31],
          ['uint32', 8, 2 ** 32],
          ['int64', 4, 2n ** 63n],
          ['uint64', 16, 2n ** 64n],
          ['float', 8, '1'],
          ['double', 4, '1'],
        ] as const
      ).map(([type, bytes, outOfRange]): Row => ({
        what: `${type} that does not have the type's size`,
        libcmap: (peer) => peer.set('test.size', CMAP_TYPES[type], Buffer.alloc(bytes)),
        ours: (client) => client.set('test.size', untyped({ type, value: outOfRange })),
        outcome: 'CS_ERR_INVALID_PARAM',
      })),
      value('binary of 16384 bytes', 'binary', new Uint8Array(16384), 'CS_OK'),
      value('binary of 16385 bytes', 'binary', new Uint8Array(16385), 'CS_ERR_INVALID_PARAM'),
      value('binary of no bytes', 'binary', new Uint8Array(), 'CS_OK'),
      value('a string of 16384 bytes', 'string', 's'.repeat(16384), 'CS_OK'),
      value('a string of 16385 bytes', 'string', 's'.repeat(16385), 'CS_ERR_INVALID_PARAM'),
      value('a string of 8193 two-byte characters', 'string', 'é'.repeat(8193), 'CS_ERR_INVALID_PARAM'),
      value('an empty string', 'string', '', 'CS_OK'),
      value('a string with a NUL inside', 'string', 'ab\0cd', 'CS_ERR_INVALID_PARAM'),
      ...([0, 13, 300] as const).map((type): Row => ({
        what: `the undefined type ${type}, without bytes`,
        libcmap: (peer) => peer.set(`test.junk${type}`, type, ''),
        ours: (client) => client.set('test.junk', untyped({ type, value: new Uint8Array() })),
        outcome: 'CS_OK',
        differs: {
          ours: 'CS_ERR_INVALID_PARAM',
          because: 'corosync would store a value that nobody can read',
        },
      })),
    ]);

    it('a value beyond the buffer: CS_ERR_TOO_BIG', async () => {
      // libcmap's answer is measured in errors.md; the C peer takes half a minute to read such a line.
      const client = await suite.connect();
      const outcomes = [
        await ourOutcome(() => client.setBinary('test.big', new Uint8Array(2 ** 20))),
        await ourOutcome(() => client.setString('test.big', 's'.repeat(2 ** 20))),
      ];
      expect(outcomes).toEqual(['CS_ERR_TOO_BIG', 'CS_ERR_TOO_BIG']);
    });

    it('may change the type of a key', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      for (const set of [
        () => peer.set('test.type', CMAP_TYPES.uint8, Buffer.of(7)),
        () => client.setString('test.type', 'seven'),
        () => peer.set('test.type', CMAP_TYPES.uint32, U32),
        () => client.setBinary('test.type', Uint8Array.of(1, 2)),
      ]) {
        await set();
        expect(wireOf(await client.get('test.type'))).toEqual({
          type: (await peer.get('test.type')).type,
          bytes: (await peer.get('test.type')).value,
        });
      }
    });

    it('stores a string with its NUL, however it is sent', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      await client.setString('test.ours', 'text');
      await peer.setString('test.without', 'text');
      await peer.setString('test.with', 'text\0');
      for (const key of ['test.ours', 'test.without', 'test.with']) {
        expect(await peer.get(key)).toMatchObject({ length: 5, value: Buffer.from('text\0') });
        expect(await client.get(key)).toEqual({ type: 'string', value: 'text' });
      }
      await client.setString('test.ours', '');
      expect(await peer.get('test.ours')).toMatchObject({ length: 1, value: Buffer.from('\0') });
      await client.setString('test.ours', 's'.repeat(16384));
      expect(await peer.get('test.ours')).toMatchObject({ length: 16385 });
    });

    it('shows values of undefined types as they are', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      expect(await peer.set('test.odd', 300, '')).toBe(1);
      expect(await client.get('test.odd')).toEqual({
        type: 'unknown',
        typeCode: 44,
        value: new Uint8Array(),
      });
      expect(await collect(client.entries('test.odd'))).toHaveLength(1);
      await client.delete('test.odd');
    });
  });

  describe('delete, increment and decrement, as libcmap', () => {
    type Change = 'delete' | 'inc' | 'dec';
    const ours: Record<Change, (client: CmapClient, key: string) => Promise<void>> = {
      delete: (client, key) => client.delete(key),
      inc: (client, key) => client.increment(key),
      dec: (client, key) => client.decrement(key),
    };
    const changes: readonly Change[] = ['delete', 'inc', 'dec'];
    const change = (change: Change, what: string, key: string, outcome: CsErrorName): Row => ({
      what: `${change} ${what}`,
      libcmap: (peer) => peer[change](key),
      ours: (client) => ours[change](client, key),
      outcome,
    });
    sideBySide(
      suite,
      'icmap',
      changes.flatMap((name) => [
        change(name, 'a missing key', 'no.such.key', 'CS_ERR_NOT_EXIST'),
        ...Object.entries(NAMES).map(([what, key]) => change(name, what, key, 'CS_ERR_NOT_EXIST')),
        change(name, 'a name of 255 characters', 'x'.repeat(255), 'CS_ERR_NOT_EXIST'),
        change(name, 'a name of 256 characters', TOO_LONG, 'CS_ERR_NAME_TOO_LONG'),
        ...READ_ONLY.map((key) => change(name, `read-only ${key}`, key, 'CS_ERR_ACCESS')),
      ]),
    );

    const noIntegers: readonly CmapValue[] = [
      { type: 'string', value: '1' },
      { type: 'float', value: 1 },
      { type: 'double', value: 1 },
      { type: 'binary', value: Uint8Array.of(1) },
    ];
    it.each(noIntegers)('inc and dec of a $type: CS_ERR_INVALID_PARAM', async (value) => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      await client.set('test.no.integer', value);
      for (const [c, mine] of [
        [() => peer.inc('test.no.integer'), () => client.increment('test.no.integer')],
        [() => peer.dec('test.no.integer'), () => client.decrement('test.no.integer')],
      ] as const) {
        expect(await peerOutcome(c)).toBe('CS_ERR_INVALID_PARAM');
        expect(await ourOutcome(mine)).toBe('CS_ERR_INVALID_PARAM');
      }
      expect(await client.get('test.no.integer')).toEqual(value);
    });

    it('delete, and again', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      await client.set('test.once', uint32());
      expect(await peer.delete('test.once')).toBe(1);
      expect(await ourOutcome(() => client.delete('test.once'))).toBe('CS_ERR_NOT_EXIST');
      await client.set('test.once', uint32());
      await client.delete('test.once');
      expect(await peerOutcome(() => peer.delete('test.once'))).toBe('CS_ERR_NOT_EXIST');
    });
  });

  describe('iteration, as libcmap', () => {
    /** A whole iteration; libcmap's ends with CS_ERR_NO_SECTIONS, ours just ends. */
    const iterate = (what: string, prefix: string | null, outcome: CsErrorName): Row => ({
      what,
      libcmap: (peer) => peer.iter(prefix),
      ours: (client) => collect(client.keys(prefix ?? undefined)),
      outcome,
    });
    sideBySide(suite, 'icmap', [
      iterate('all', '', 'CS_OK'),
      iterate('no prefix', null, 'CS_OK'),
      iterate('a prefix that nothing has', 'no.such.', 'CS_OK'),
      iterate('a prefix with invalid characters', 'tést ', 'CS_OK'),
      iterate('a prefix of 255 characters', 'q'.repeat(255), 'CS_OK'),
      iterate('a prefix of 256 characters', TOO_LONG, 'CS_ERR_NAME_TOO_LONG'),
      {
        what: 'past the end, again and again',
        libcmap: async (peer) => {
          const { handle } = await peer.iterInit('no.such.');
          await peer.iterNext(handle);
          await peer.iterNext(handle);
          return peer.iterNext(handle);
        },
        ours: async (client) => {
          const keys = client.keys('no.such.');
          for (let i = 0; i < 3; i++) expect(await keys.next()).toEqual({ done: true, value: undefined });
        },
        outcome: 'CS_ERR_NO_SECTIONS',
        differs: { ours: 'CS_OK', because: 'the end of a loop is no error' },
      },
      {
        what: 'a handle that is no more',
        libcmap: async (peer) => {
          const { handle } = await peer.iterInit('totem.');
          expect(await peer.iterFinalize(handle)).toBe(1);
          expect(await peerOutcome(() => peer.iterFinalize(handle))).toBe('CS_ERR_BAD_HANDLE');
          return peer.iterNext(handle);
        },
        ours: async (client) => {
          const keys = client.keys('totem.');
          await keys.next();
          await keys.return();
          await keys.return();
          expect(await keys.next()).toEqual({ done: true, value: undefined });
        },
        outcome: 'CS_ERR_BAD_HANDLE',
        differs: { ours: 'CS_OK', because: 'handles are not shown, so that they cannot be wrong' },
      },
      {
        what: 'a handle that never was',
        libcmap: (peer) => peer.iterNext(123456789n),
        ours: () => Promise.resolve(),
        outcome: 'CS_ERR_BAD_HANDLE',
        differs: { ours: 'CS_OK', because: 'handles are not shown, so that they cannot be wrong' },
      },
    ]);

    it('sorts, and takes a prefix for plain text', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      const keys = (await collect(client.keys('tot'))).map(({ key }) => key);
      expect(keys).toEqual([...keys].sort());
      expect(keys).toContain('totem.cluster_name');
      expect((await peer.iter('tot')).keys.map(({ key }) => key)).toEqual(keys);
    });
  });

  describe('track, as libcmap', () => {
    const track = (
      what: string,
      key: string | null,
      type: number,
      options: CmapTrackOptions,
      outcome: CsErrorName,
      differs?: Row['differs'],
    ): Row => ({
      what,
      libcmap: (peer) => peer.trackAdd(key, type),
      ours: (client) => client.track(untyped(key ?? ''), options),
      outcome,
      ...(differs && { differs }),
    });
    const never = { ours: 'CS_ERR_INVALID_PARAM', because: 'such a tracker never fires' } as const;
    const all: CmapTrackOptions = {};
    const prefix: CmapTrackOptions = { prefix: true };
    const bogus = (event: unknown): CmapTrackOptions => ({ events: [untyped(event)] });
    sideBySide(suite, 'icmap', [
      track('nothing', 'test.key', 0, { events: [] }, 'CS_OK', never),
      track('a prefix, but nothing of it', 'test.', 8, { events: [], prefix: true }, 'CS_OK', never),
      ...[16, 64, -1, 31].map((type) =>
        track(`the undefined type ${type}`, 'test.key', type, bogus(type), 'CS_ERR_INVALID_PARAM'),
      ),
      track('an empty key', '', 7, all, 'CS_OK', never),
      track('no key', null, 7, all, 'CS_OK', never),
      track('no key, as a prefix: everything', null, 15, prefix, 'CS_OK'),
      track('a key of 255 characters', LONGEST, 7, all, 'CS_OK'),
      track('a key of 256 characters', TOO_LONG, 7, all, 'CS_ERR_NAME_TOO_LONG'),
      track('a prefix of 255 characters', LONGEST, 15, prefix, 'CS_OK'),
      track('a prefix of 256 characters', TOO_LONG, 15, prefix, 'CS_ERR_NAME_TOO_LONG'),
      track('a key with invalid characters', 'test key', 7, all, 'CS_OK', never),
      track('a key of 2 characters', 'kk', 7, all, 'CS_OK', never),
      track('a prefix of 2 characters', 'kk', 15, prefix, 'CS_OK'),
      track('a prefix with invalid characters', 'k k', 15, prefix, 'CS_OK', never),
      track('a key that does not exist', 'no.such.key', 7, all, 'CS_OK'),
      {
        what: 'to delete a tracker that never was',
        libcmap: (peer) => peer.trackDelete(123456789n),
        ours: () => Promise.resolve(),
        outcome: 'CS_ERR_BAD_HANDLE',
        differs: { ours: 'CS_OK', because: 'handles are not shown, so that they cannot be wrong' },
      },
      {
        what: 'to delete a tracker twice',
        libcmap: async (peer) => {
          const { handle } = await peer.trackAdd('test.key', 7);
          expect(await peer.trackDelete(handle)).toBe(1);
          return peer.trackDelete(handle);
        },
        ours: async (client) => {
          const tracker = await client.track('test.key');
          await tracker.close();
          await tracker.close();
        },
        outcome: 'CS_ERR_BAD_HANDLE',
        differs: { ours: 'CS_OK', because: 'delete is idempotent' },
      },
    ]);

    it('never fires what we refuse', async () => {
      const [client, peer] = [await suite.connect(), await suite.peer()];
      for (const [key, type] of [
        ['test.key', 0],
        ['test.', 8],
        ['', 7],
        [null, 7],
      ] as const) {
        expect(await peer.trackAdd(key, type)).toMatchObject({ code: 1 });
      }
      const { handle } = await peer.trackAdd('test.last', 7);
      await client.set('test.key', uint32(1));
      await client.set('test.key', uint32(2));
      await client.delete('test.key');
      await client.set('test.last', uint32(1));
      expect(await peer.notified(1)).toMatchObject([{ handle, key: 'test.last' }]);
      await client.delete('test.last');
    });
  });

  describe('calls on what is closed, as libcmap', () => {
    sideBySide(suite, 'icmap', [
      ...(
        [
          ['get', (peer) => peer.get('totem.version'), (client) => client.get('totem.version')],
          ['set', (peer) => peer.setUint32('test.k', 1), (client) => client.set('test.k', uint32(1))],
          ['delete', (peer) => peer.delete('test.k'), (client) => client.delete('test.k')],
          ['inc', (peer) => peer.inc('test.k'), (client) => client.increment('test.k')],
          ['iterate', (peer) => peer.iter(''), (client) => collect(client.keys())],
          ['track', (peer) => peer.trackAdd('test.k', 7), (client) => client.track('test.k')],
        ] as const satisfies readonly (readonly [string, Row['libcmap'], Row['ours']])[]
      ).map(([what, libcmap, ours]): Row => ({
        what,
        libcmap: async (peer) => {
          await peer.finalize();
          return libcmap(peer);
        },
        ours: async (client) => {
          await client.close();
          return ours(client);
        },
        outcome: 'CS_ERR_BAD_HANDLE',
      })),
      {
        what: 'close it again',
        libcmap: async (peer) => {
          await peer.finalize();
          return peer.finalize();
        },
        ours: async (client) => {
          await client.close();
          await client.close();
        },
        outcome: 'CS_ERR_BAD_HANDLE',
        differs: { ours: 'CS_OK', because: 'close is idempotent' },
      },
    ]);
  });

  describe('what corosync logs of a client that ends', () => {
    it.each(['close', 'destroy'] as const)(
      'nothing of %s, with trackers and calls under way',
      async (way) => {
        const client = await suite.connect();
        await client.track('test.', { prefix: true });
        const calls = Array.from({ length: 50 }, (_, index) => client.set('test.log', uint32(index)));
        if (way === 'close') {
          await client.close();
          await Promise.all(calls);
        } else {
          client.destroy();
          await Promise.allSettled(calls);
        }
      },
    );

    it('nothing of a libcmap client that is killed', async () => {
      const peer = await suite.peer();
      await peer.trackAdd('test.', 15);
      peer.kill('SIGKILL');
    });
  });
});
