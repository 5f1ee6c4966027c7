import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CmapClient, type CmapValue } from '../../src/index.ts';
import { loadDatagramBackend } from '../../src/testing/server/server-datagram-socket.ts';
import {
  FakeCorosync,
  type FakeConnectOptions,
  type FakeCorosyncOptions,
  type FakeEntries,
} from '../../src/testing/index.ts';

const WRONG_VALUES: readonly (readonly [unknown, string])[] = [
  [{ type: 'uint8', value: 300 }, 'uint8 ranges from 0 to 255; 300 is outside'],
  [{ type: 'uint8', value: -1 }, 'uint8 ranges from 0 to 255; -1 is outside'],
  [{ type: 'uint8', value: 'x' }, 'uint8 takes an integer number, not "x"'],
  [{ type: 'int32', value: 1.5 }, 'int32 takes an integer number, not 1.5'],
  [{ type: 'float', value: 'q' }, 'float takes a number, not "q"'],
  [{ type: 'uint64', value: 3 }, 'uint64 takes a bigint (such as 5n), not 3'],
  [{ type: 'u8', value: 1 }, 'unknown type "u8"; there are int8, uint8'],
  [{ type: 'string', value: 'a\0b' }, 'a string holds no NUL'],
  [
    { type: 'unknown', typeCode: 2, value: Buffer.of(1) },
    'the typeCode of an unknown value is 0 or 13 to 255, not 2',
  ],
  [{ type: 'unknown', typeCode: 77, value: 'x' }, 'an unknown value is a Uint8Array'],
  ['joined', 'a value is an object { type, value }'],
  [undefined, 'a value is an object { type, value }'],
];

describe('what corosync could not hold is refused, with its key', () => {
  it.each(WRONG_VALUES)('%o', async (wrong, reason) => {
    const value = wrong as CmapValue;
    await using fake = await FakeCorosync.start();
    const message = `"a.key": CS_ERR_INVALID_PARAM (7): ${reason}`;
    expect(() => fake.cmap.set('a.key', value)).toThrow(`FakeCmap.set ${message}`);
    expect(() => fake.cmap.setStat('a.key', value)).toThrow(`FakeCmap.setStat ${message}`);
    expect(() => fake.cmap.set('a.key', value)).toThrow(RangeError);
    expect([fake.cmap.get('a.key'), fake.cmap.getStat('a.key')]).toEqual([undefined, undefined]);
    await expect(FakeCorosync.start({ entries: { 'a.key': value } })).rejects.toThrow(`entries ${message}`);
    await expect(FakeCorosync.start({ stats: { 'a.key': value } })).rejects.toThrow(`stats ${message}`);
  });

  it('keys by the rule for keys, of either map', async () => {
    await using fake = await FakeCorosync.start();
    const value = { type: 'uint8', value: 1 } as const;
    expect(() => fake.cmap.set('a b', value)).toThrow(
      'FakeCmap.set "a b": CS_ERR_NAME_TOO_LONG (13): a key has 3',
    );
    expect(() => fake.cmap.setStat('ab', value)).toThrow('FakeCmap.setStat "ab": CS_ERR_NAME_TOO_LONG (13)');
  });

  it('what a careless client could set is held', async () => {
    await using fake = await FakeCorosync.start();
    const value = { type: 'unknown', typeCode: 77, value: new Uint8Array() } as const;
    fake.cmap.set('a.key', value);
    expect(fake.cmap.get('a.key')).toEqual(value);
    expect(() => fake.cmap.set('a.key', { ...value, value: Buffer.of(1) })).toThrow(
      'FakeCmap.set "a.key": CS_ERR',
    );
  });
});

describe('options that mean nothing are refused', () => {
  it.each<[object, string]>([
    [{ ipcType: 'sockets' }, "options.ipcType is \"sockets\"; it must be one of 'shm', 'socket'"],
    [
      { entires: {} },
      'options.entires is unknown; FakeCorosync.start has entries, stats, faults, statsPollMs',
    ],
    [{ statsPollMs: 0 }, 'options.statsPollMs is 0; it must be an integer from 1 to 2147483647'],
    [{ abstractSocket: 'yes' }, 'options.abstractSocket is "yes"; it must be true or false'],
    [{ pid: 0 }, 'options.pid is 0'],
    [{ faults: {} }, 'options.faults is a value of type object; it must be an array or another iterable'],
    [{ entries: 'a.key' }, 'options.entries is "a.key"; it must be an object of keys and values, or an'],
    [{ entries: ['a.key'] }, 'an entry is "a.key"; it must be a pair of key and value'],
  ])('%o', async (options, message) => {
    const directory = fs.mkdtempSync(join(tmpdir(), 'fake-checks-'));
    vi.stubEnv('TMPDIR', directory);
    await expect(FakeCorosync.start(options as FakeCorosyncOptions)).rejects.toThrow(message);
    await expect(FakeCorosync.start(options as FakeCorosyncOptions)).rejects.toThrow(RangeError);
    vi.unstubAllEnvs();
    fs.rmdirSync(directory); // empty: no fake has left its own behind
  });

  it('a flow-control word that libqb does not have', async () => {
    await using fake = await FakeCorosync.start();
    expect(() => fake.setFlowControl(7 as 2)).toThrow(
      'the value for setFlowControl is 7; it must be one of 0, 1, 2',
    );
  });

  it('by a restart, before anything has changed', async () => {
    await using fake = await FakeCorosync.start({ entries: { 'a.key': { type: 'uint8', value: 1 } } });
    await using client = await CmapClient.connect(fake.connectOptions);
    const wrong = { 'a.other': { type: 'uint8', value: 2 }, 'a.key': { type: 'uint8', value: 300 } } as const;
    await expect(fake.restart({ entries: wrong })).rejects.toThrow('entries "a.key": CS_ERR_INVALID_PARAM');
    await expect(fake.restart({ ipcType: 'shm' } as object)).rejects.toThrow(
      'contents.ipcType is unknown; restart has entries, stats',
    );
    expect(await client.getUint8('a.key')).toBe(1);
    expect(fake.cmap.entries().size).toBe(1);
  });
});

describe('the end and what is missing', () => {
  it('a fake that was stopped does not start again, and says so', async () => {
    const fake = await FakeCorosync.start();
    await fake.stop();
    await expect(fake.restart()).rejects.toThrow('this fake was stopped; start a new one');
    await fake.stop();
  });

  it('it comes back with entries that could be read only once', async () => {
    function* once(): Generator<readonly [string, CmapValue]> {
      yield ['a.key', { type: 'uint8', value: 1 }];
    }
    await using fake = await FakeCorosync.start({ entries: once() });
    await fake.restart();
    expect(fake.cmap.get('a.key')).toEqual({ type: 'uint8', value: 1 });
  });

  it.each([
    ['ERR_MODULE_NOT_FOUND', 'is not installed: npm install node-unix-socket'],
    ['ERR_DLOPEN_FAILED', 'does not run here'],
  ])('without a usable package for datagrams (%s) it says what to do', async (code, what) => {
    const cause = Object.assign(new Error('no package'), { code });
    await expect(loadDatagramBackend(() => Promise.reject(cause))).rejects.toMatchObject({
      message: expect.stringContaining(`node-unix-socket, which ${what}`) as string,
      cause,
    });
  });

  it('options may be undefined where they may be absent', async () => {
    const maybe: FakeEntries | undefined = undefined;
    const options: FakeCorosyncOptions = {
      entries: maybe,
      stats: maybe,
      statsPollMs: undefined,
      pid: undefined,
    };
    await using fake = await FakeCorosync.start({ ...options, abstractSocket: undefined });
    const found: FakeConnectOptions = fake.connectOptions;
    await fake.restart({ entries: maybe });
    expect(Object.keys(found)).toEqual(['socketDirectory', 'sharedMemoryDirectory']);
  });
});
