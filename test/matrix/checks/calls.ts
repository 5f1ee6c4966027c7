import assert from 'node:assert/strict';
import type { CmapValue } from 'corosync-client';
import { codeOf, type Check } from '../cell.ts';

const LARGEST = 16384;

/** Each type's extremes, and what is odd about texts and bytes. */
const VALUES: readonly CmapValue[] = [
  ...[-128, 127].map((value) => ({ type: 'int8', value }) as const),
  ...[0, 255].map((value) => ({ type: 'uint8', value }) as const),
  ...[-32768, 32767].map((value) => ({ type: 'int16', value }) as const),
  ...[0, 65535].map((value) => ({ type: 'uint16', value }) as const),
  ...[-(2 ** 31), 2 ** 31 - 1].map((value) => ({ type: 'int32', value }) as const),
  ...[0, 2 ** 32 - 1].map((value) => ({ type: 'uint32', value }) as const),
  ...[-(2n ** 63n), 2n ** 63n - 1n].map((value) => ({ type: 'int64', value }) as const),
  ...[0n, 2n ** 64n - 1n].map((value) => ({ type: 'uint64', value }) as const),
  ...[0.5, -Infinity, NaN].map((value) => ({ type: 'float', value }) as const),
  ...[0.1, -0, Number.MAX_VALUE, 5e-324].map((value) => ({ type: 'double', value }) as const),
  ...['', 'text', 'Zürich €', 'x'.repeat(LARGEST)].map((value) => ({ type: 'string', value }) as const),
  ...[0, 1, LARGEST].map((size) => ({ type: 'binary', value: new Uint8Array(size).fill(0xa5) }) as const),
];

const THOUSAND = Array.from({ length: 1000 }, (_, n) => `matrix.many.${String(n).padStart(4, '0')}`);

export const calls: readonly Check[] = [
  {
    name: 'read the configuration',
    async run(cell) {
      const client = await cell.connect();
      assert.equal(await client.getString('totem.cluster_name'), 'private');
      assert.equal(await client.getUint32('runtime.votequorum.this_node_id'), 1);
      assert.equal(await client.getString('runtime.members.1.status'), 'joined');
    },
  },
  {
    name: 'set, get and delete values of every type',
    async run(cell) {
      const client = await cell.connect();
      const keyed = VALUES.map((value, n) => ({ key: `matrix.value.${n}`, value }));
      await Promise.all(keyed.map(({ key, value }) => client.set(key, value)));
      for (const { key, value } of keyed) assert.deepEqual(plain(await client.get(key)), plain(value), key);
      await Promise.all(keyed.map(({ key }) => client.delete(key)));
      for (const { key } of keyed) assert.equal(await codeOf(client.get(key)), 'CS_ERR_NOT_EXIST');
    },
  },
  {
    name: 'change integers in place, across their ends',
    async run(cell) {
      const client = await cell.connect();
      await client.setUint8('matrix.number', 254);
      await client.increment('matrix.number');
      assert.equal(await client.getUint8('matrix.number'), 255);
      await client.increment('matrix.number');
      assert.equal(await client.getUint8('matrix.number'), 0);
      await client.setInt64('matrix.number', -1n);
      await client.adjust('matrix.number', -(2 ** 31));
      assert.equal(await client.getInt64('matrix.number'), -(2n ** 31n) - 1n);
      await client.decrement('matrix.number');
      assert.equal(await client.getInt64('matrix.number'), -(2n ** 31n) - 2n);
      await client.delete('matrix.number');
    },
  },
  {
    name: 'iterate 1,000 keys and their values',
    async run(cell) {
      const client = await cell.connect();
      await Promise.all(THOUSAND.map((key, n) => client.setUint32(key, n)));
      const keys: string[] = [];
      for await (const { key, type, valueLength } of client.keys('matrix.many.')) {
        assert.deepEqual({ type, valueLength }, { type: 'uint32', valueLength: 4 });
        keys.push(key);
      }
      assert.deepEqual(keys, THOUSAND);
      let n = 0;
      for await (const { key, value } of client.entries('matrix.many.')) {
        assert.deepEqual([key, value.value], [THOUSAND[n], n]);
        n += 1;
      }
      assert.equal(n, THOUSAND.length);
      for await (const { key } of client.keys('matrix.many.')) {
        assert.equal(key, THOUSAND[0]);
        break; // gives corosync's iterator back, which the log and the next check would tell
      }
    },
  },
  {
    name: '1,000 gets at once',
    async run(cell) {
      const client = await cell.connect();
      const values = await Promise.all(THOUSAND.map((key) => client.getUint32(key)));
      assert.deepEqual(
        values,
        THOUSAND.map((_, n) => n),
      );
      await Promise.all(THOUSAND.map((key) => client.delete(key)));
    },
  },
];

/** Bytes as a plain array: a runtime's Buffer and a Uint8Array of ours are to be equal. */
function plain({ type, value }: CmapValue): unknown {
  return { type, value: value instanceof Uint8Array ? [...value] : value };
}
