import { describe, expect, it } from 'vitest';
import { CMAP_TYPES } from '../helpers/corosync/c-peer.ts';
import { ourOutcome, peerOutcome } from '../helpers/integration/integration-outcome.ts';
import { untyped } from '../helpers/integration/integration-side-by-side.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { READ_ONLY_PREFIXES } from '../../src/cmap/values/keys.ts';

/** One of each kind, and of each two kinds at once that corosync could find fault with. */
const KEYS: readonly string[] = [
  'test.there',
  'test.missing',
  '',
  'k',
  'test key',
  'test.k\u{e9}y',
  'k'.repeat(255),
  'k'.repeat(256),
  'k k'.repeat(100),
  'totem.cluster_name',
  'totem.no.such',
  ...READ_ONLY_PREFIXES.flatMap((prefix) => [`${prefix}no.such`, `${prefix}a b`, prefix.padEnd(256, 'k')]),
  'stats.clear.all',
  'stats.clear.bogus',
  'stats.clear.a b',
  'stats.no.such',
];

interface Given {
  readonly what: string;
  readonly type: keyof typeof CMAP_TYPES;
  readonly ours: unknown;
  readonly bytes: Uint8Array;
}

const number = (what: string, ours: unknown, length: number): Given => ({
  what,
  type: 'uint32',
  ours,
  bytes: new Uint8Array(length),
});
const binary = (length: number): Given => {
  const bytes = new Uint8Array(length);
  return { what: `binary of ${length} bytes`, type: 'binary', ours: bytes, bytes };
};
const string = (length: number): Given => {
  const ours = 's'.repeat(length);
  return { what: `a string of ${length} bytes`, type: 'string', ours, bytes: Buffer.from(ours) };
};

/** A number that does not fit its type is, to C, one of the wrong length. */
const VALUES: readonly Given[] = [
  number('a number', 0, 4),
  number('a number that does not fit', 2 ** 32, 8),
  binary(0),
  binary(16_384),
  binary(16_385),
  string(16_384),
  string(16_385),
];

/** Keys that no prefix tells to be read-only: that they are is known to corosync alone, and a bad value is not sent. */
const KNOWN_TO_COROSYNC = ['totem.cluster_name'];
/** Here corosync looks at no value. */
const CLEARING = 'stats.clear.';

describeOnCorosync('what corosync would find fault with first', (suite) => {
  describe.each(['icmap', 'stats'] as const)('in the map %s', (map) => {
    it('set', async () => {
      const [client, peer] = [await suite.connect({ map }), await suite.peer(map === 'stats' ? 1 : 0)];
      const found: unknown[] = [];
      for (const given of VALUES) {
        if (map === 'icmap') await client.setUint8('test.there', 1);
        for (const key of KEYS) {
          const libcmap = await peerOutcome(() => peer.set(key, CMAP_TYPES[given.type], given.bytes));
          const value = untyped({ type: given.type, value: given.ours });
          const ours = await ourOutcome(() => client.set(key, value));
          const isSent = map === 'icmap' ? !KNOWN_TO_COROSYNC.includes(key) : !key.startsWith(CLEARING);
          const isRight = ours === libcmap || (!isSent && ours === 'CS_ERR_INVALID_PARAM');
          if (!isRight) found.push({ key, of: given.what, libcmap, ours });
          if (libcmap === 'CS_OK' && map === 'icmap') await client.delete(key);
        }
      }
      expect(found).toEqual([]);
    });

    it('delete, increment, decrement and get', async () => {
      const [client, peer] = [await suite.connect({ map }), await suite.peer(map === 'stats' ? 1 : 0)];
      // Each is there once for libcmap, and once for us.
      const prepare = async (): Promise<void> => {
        if (map === 'icmap') await client.setUint32('test.there', 1);
      };
      const found: unknown[] = [];
      for (const key of KEYS) {
        for (const [what, libcmap, ours] of [
          ['get', () => peer.get(key), () => client.get(key)],
          ['inc', () => peer.inc(key), () => client.increment(key)],
          ['dec', () => peer.dec(key), () => client.decrement(key)],
          ['delete', () => peer.delete(key), () => client.delete(key)],
        ] as const) {
          await prepare();
          const right = await peerOutcome(libcmap);
          await prepare();
          const outcome = await ourOutcome(ours);
          if (outcome !== right) found.push({ key, what, libcmap: right, ours: outcome });
        }
      }
      expect(found).toEqual([]);
    });
  });
});
