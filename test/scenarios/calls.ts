import { expect } from 'vitest';
import type { CmapValue } from '../../src/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import type { Scenario } from './scenario.ts';

const VALUES: readonly CmapValue[] = [
  { type: 'int8', value: -128 },
  { type: 'uint8', value: 255 },
  { type: 'int16', value: -32_768 },
  { type: 'uint16', value: 65_535 },
  { type: 'int32', value: -(2 ** 31) },
  { type: 'uint32', value: 2 ** 32 - 1 },
  { type: 'int64', value: -(2n ** 63n) },
  { type: 'uint64', value: 2n ** 64n - 1n },
  { type: 'float', value: 1.5 },
  { type: 'double', value: Math.PI },
  { type: 'string', value: 'Zürich' },
  { type: 'string', value: '' },
  { type: 'string', value: 's'.repeat(16_384) },
  { type: 'binary', value: Uint8Array.of(0, 255, 0) },
  { type: 'binary', value: new Uint8Array() },
  { type: 'binary', value: new Uint8Array(16_384).fill(7) },
];

export const CALLS: readonly Scenario[] = [
  {
    name: 'values of every type, at their limits, come back as they went, and a key may change its type',
    async run(target) {
      const client = await target.connect();
      for (const value of VALUES) {
        await client.set('scenario.value', value);
        expect(await client.get('scenario.value')).toEqual(value);
      }
      await client.delete('scenario.value');
      expect(await ourOutcome(() => client.get('scenario.value'))).toBe('CS_ERR_NOT_EXIST');
    },
  },
  {
    name: 'a client sees what another has set',
    async run(target) {
      const [one, other] = [await target.connect(), await target.connect()];
      await one.setString('scenario.shared', 'from one');
      expect(await other.getString('scenario.shared')).toBe('from one');
      await other.delete('scenario.shared');
      expect(await ourOutcome(() => one.get('scenario.shared'))).toBe('CS_ERR_NOT_EXIST');
    },
  },
  {
    name: 'integers wrap around, whatever the step',
    async run(target) {
      const client = await target.connect();
      await client.setUint8('scenario.u8', 255);
      await client.setInt8('scenario.i8', 127);
      await client.setUint16('scenario.u16', 5);
      await client.setUint64('scenario.u64', 0n);
      await client.setInt64('scenario.i64', 0n);
      await client.increment('scenario.u8');
      await client.increment('scenario.i8');
      await client.adjust('scenario.u16', -(2 ** 31));
      await client.decrement('scenario.u64');
      await client.adjust('scenario.i64', 2 ** 31 - 1);
      expect(await client.getUint8('scenario.u8')).toBe(0);
      expect(await client.getInt8('scenario.i8')).toBe(-128);
      expect(await client.getUint16('scenario.u16')).toBe(5);
      expect(await client.getUint64('scenario.u64')).toBe(2n ** 64n - 1n);
      expect(await client.getInt64('scenario.i64')).toBe(2n ** 31n - 1n);
    },
  },
  {
    name: 'refusals',
    async run(target) {
      const client = await target.connect();
      await client.setString('scenario.text', 'text');
      await client.setFloat('scenario.float', 1);
      await client.setBinary('scenario.binary', Uint8Array.of(1));
      const uint32: CmapValue = { type: 'uint32', value: 1 };
      const outcomes = {
        'get of nothing': await ourOutcome(() => client.get('scenario.none')),
        'delete of nothing': await ourOutcome(() => client.delete('scenario.none')),
        'increment of nothing': await ourOutcome(() => client.increment('scenario.none')),
        'increment of a text': await ourOutcome(() => client.increment('scenario.text')),
        'increment of a float': await ourOutcome(() => client.increment('scenario.float')),
        'increment of bytes': await ourOutcome(() => client.increment('scenario.binary')),
        'set of a read-only key': await ourOutcome(() => client.set('totem.cluster_name', uint32)),
        'set below a read-only prefix': await ourOutcome(() => client.set('runtime.config.none', uint32)),
        'delete of a read-only key': await ourOutcome(() => client.delete('totem.cluster_name')),
        'increment of a read-only key that is not there': await ourOutcome(() =>
          client.increment('system.none'),
        ),
        'set of a long name': await ourOutcome(() => client.set('k'.repeat(255), uint32)),
        'delete of a long name': await ourOutcome(() => client.delete('k'.repeat(255))),
      };
      expect(outcomes).toEqual({
        'get of nothing': 'CS_ERR_NOT_EXIST',
        'delete of nothing': 'CS_ERR_NOT_EXIST',
        'increment of nothing': 'CS_ERR_NOT_EXIST',
        'increment of a text': 'CS_ERR_INVALID_PARAM',
        'increment of a float': 'CS_ERR_INVALID_PARAM',
        'increment of bytes': 'CS_ERR_INVALID_PARAM',
        'set of a read-only key': 'CS_ERR_ACCESS',
        'set below a read-only prefix': 'CS_ERR_ACCESS',
        'delete of a read-only key': 'CS_ERR_ACCESS',
        'increment of a read-only key that is not there': 'CS_ERR_ACCESS',
        'set of a long name': 'CS_OK',
        'delete of a long name': 'CS_OK',
      });
    },
  },
  {
    name: 'keys and entries come sorted by their bytes, by any prefix',
    async run(target) {
      const client = await target.connect();
      const keys = [
        's.B',
        's.a',
        's.a-',
        's.a.b',
        's.a/b',
        's.aa',
        's.a:',
        's.a_',
        's.b',
        's.1',
        's.10',
        's.2',
      ];
      for (const [i, key] of keys.entries()) await client.setUint32(`scenario.${key}`, i);
      const found = await collect(client.keys('scenario.s.'));
      expect(found.map(({ key }) => key)).toEqual(keys.map((key) => `scenario.${key}`).sort());
      expect(new Set(found.map(({ type, valueLength }) => `${type} ${valueLength}`))).toEqual(
        new Set(['uint32 4']),
      );
      const entries = await collect(client.entries('scenario.s.a'));
      expect(entries.map(({ key }) => key)).toEqual(
        keys
          .filter((key) => key.startsWith('s.a'))
          .map((key) => `scenario.${key}`)
          .sort(),
      );
      expect(await collect(client.keys('scenario.s.none'))).toEqual([]);
      for (const key of keys) await client.delete(`scenario.${key}`);
    },
  },
  {
    name: 'many calls at once take effect in their order, and are answered in it',
    async run(target) {
      const client = await target.connect();
      await client.setUint64('scenario.many', 0n);
      const answers: Promise<unknown>[] = [];
      for (let i = 0; i < 1000; i++) {
        answers.push(client.increment('scenario.many'), client.getUint64('scenario.many'));
      }
      const values = (await Promise.all(answers)).filter((answer) => typeof answer === 'bigint');
      expect(values).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i + 1)));
    },
  },
  {
    name: 'large values, many times around the rings',
    async run(target) {
      const client = await target.connect({ bufferSize: 65_536 });
      const value = (fill: number): Uint8Array => new Uint8Array(12_345).fill(fill);
      for (let i = 0; i < 60; i++) {
        const [, got] = await Promise.all([
          client.setBinary('scenario.large', value(i)),
          client.getBinary('scenario.large'),
        ]);
        expect(Buffer.compare(got, value(i))).toBe(0);
      }
      await client.delete('scenario.large');
    },
  },
];
