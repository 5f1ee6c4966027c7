import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveCmapOptions, type CmapConnectOptions } from '../../src/cmap/connect-options.ts';
import { CsError } from '../../src/errors/index.ts';

const resolve = (options: unknown): ReturnType<typeof resolveCmapOptions> =>
  resolveCmapOptions(options as CmapConnectOptions);
const invalid: unknown = expect.objectContaining({ name: 'CsError', code: 'CS_ERR_INVALID_PARAM' });

const DEFAULTS = {
  map: 'icmap',
  service: 'cmap',
  serviceName: 'cmap',
  socketDirectory: undefined,
  sharedMemoryDirectory: undefined,
  bufferSize: 1_048_576,
  timeoutMs: 30_000,
  signal: undefined,
  tryAgainAttempts: 10,
  tryAgainDelayMs: 200,
  turns: { name: '', map: 'icmap' },
};
const NO_OPTIONS = ['service', 'serviceName', 'turns'];

describe('resolveCmapOptions', () => {
  it('fills in the defaults', () => {
    expect(resolve({})).toEqual(DEFAULTS);
  });

  it('takes undefined for "not given"', () => {
    const names = ['map', 'socketName', ...Object.keys(DEFAULTS)].filter(
      (name) => !NO_OPTIONS.includes(name),
    );
    expect(resolve(Object.fromEntries(names.map((name) => [name, undefined])))).toEqual(DEFAULTS);
  });

  it('passes on what is given', () => {
    const { signal } = new AbortController();
    const options = {
      map: 'stats',
      socketName: 'quorum-2.x_y',
      socketDirectory: '/run',
      sharedMemoryDirectory: '/proc/5/root/dev/shm/',
      bufferSize: 65_536,
      timeoutMs: Infinity,
      signal,
      tryAgainAttempts: 0,
      tryAgainDelayMs: 10,
    };
    const { socketName, ...same } = options;
    expect(resolve(options)).toEqual({
      ...same,
      service: socketName,
      serviceName: 'cmap',
      sharedMemoryDirectory: '/proc/5/root/dev/shm',
      turns: { name: socketName, map: 'stats' },
    });
  });

  it.each<[keyof CmapConnectOptions, readonly unknown[], readonly unknown[]]>([
    [
      'bufferSize',
      [65_536, 65_537, 16_777_216],
      [65_535, 16_777_217, 65_536.5, 0, -1, NaN, Infinity, '65536'],
    ],
    ['timeoutMs', [0, 1, 0.5, Infinity], [-1, NaN, -Infinity, '5', 5n]],
    ['tryAgainAttempts', [0, 1, 1000], [-1, 0.5, NaN, Infinity, '5']],
    ['tryAgainDelayMs', [10, 2_147_483_647], [0, 9, -1, 0.5, 2_147_483_648, NaN, '5']],
    [
      'socketName',
      ['cmap', 'a', 'x'.repeat(80)],
      ['', 'a/b', '/cmap', 'a b', 'a\0', 'x'.repeat(81), 'cmap\n', 5, 'cfg', 'cpg', 'quorum', 'votequorum'],
    ],
    ['socketDirectory', ['/', '/run', '/a/b//'], ['', 'run', './run', '/a\0b', 5, '~']],
    ['sharedMemoryDirectory', ['/dev/shm'], ['', 'dev/shm', '/a\0b', {}]],
  ])('%s takes what makes sense and nothing else', (name, good, bad) => {
    for (const value of good) expect(() => resolve({ [name]: value })).not.toThrow();
    for (const value of bad) expect(() => resolve({ [name]: value })).toThrow(invalid);
  });

  const noMaps: readonly unknown[] = [
    'default',
    'ICMAP',
    '',
    '__proto__',
    0,
    1n,
    {},
    ['icmap'],
    { toString: 0 },
  ];
  it.each(noMaps.map((map) => ({ map })))('there is no map $map', ({ map }) => {
    expect(() => resolve({ map })).toThrow(expect.objectContaining({ code: 'CS_ERR_NOT_EXIST' }));
  });

  it('throws nothing but CsError, whatever it is given', () => {
    const anything = fc.anything({ withBigInt: true });
    const options = fc.record(
      {
        map: anything,
        socketName: anything,
        socketDirectory: anything,
        sharedMemoryDirectory: anything,
        bufferSize: anything,
        timeoutMs: anything,
        tryAgainAttempts: anything,
        tryAgainDelayMs: anything,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, (candidate) => {
        try {
          resolve(candidate);
        } catch (error) {
          if (!(error instanceof CsError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
