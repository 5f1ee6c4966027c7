import { describe, expect, it, test } from 'vitest';
import { UsageError } from '../../../src/cli/exit-codes.ts';
import {
  connectOptions,
  parseCommandLine,
  splitCommandLine,
} from '../../../src/cli/arguments/command-line.ts';

describe('splitCommandLine', () => {
  test.each([
    ['list', [], 'list', []],
    ['--map stats list a', ['--map', 'stats'], 'list', ['a']],
    ['--map=stats list', ['--map=stats'], 'list', []],
    ['--help', ['--help'], undefined, []],
    ['-h list --json', ['-h'], 'list', ['--json']],
    ['cmapctl -g x', [], 'cmapctl', ['-g', 'x']],
  ])('%s', (line, before, name, after) => {
    expect(splitCommandLine(line.split(' '))).toEqual({ before, name, after });
  });
});

describe('parseCommandLine', () => {
  it('takes options anywhere', () => {
    const parsed = parseCommandLine(['a', '--json', 'b', '--map', 'stats'], { json: { type: 'boolean' } });
    expect(parsed).toEqual({ options: { json: true, map: 'stats' }, operands: ['a', 'b'] });
  });

  it('takes negative numbers as operands and as values', () => {
    const parsed = parseCommandLine(['k', 'i8', '-5', '--by', '-3', '-.5', '-inf', '-nan'], {
      by: { type: 'string' },
    });
    expect(parsed).toEqual({ options: { by: '-3' }, operands: ['k', 'i8', '-5', '-.5', '-inf', '-nan'] });
  });

  it('takes anything behind --', () => {
    expect(parseCommandLine(['k', '--', '--map', '-5'], {}).operands).toEqual(['k', '--map', '-5']);
  });

  it('refuses what it does not know, in one line', () => {
    const advice = '; put -- before a value that starts with -';
    for (const option of ['--frob', '--json', '-f'])
      expect(() => parseCommandLine([option], {})).toThrow(
        new UsageError(`Unknown option '${option}'${advice}`),
      );
    expect(() => parseCommandLine(['--map'], {})).toThrow(/^Option '--map <value>' argument missing$/);
  });
});

describe('connectOptions', () => {
  const VARIABLES = {
    COROSYNC_CLIENT_SOCKET_DIRECTORY: '/variable/sockets',
    COROSYNC_CLIENT_SHM_DIRECTORY: '/variable/shm',
  };

  it('names them as the library does', () => {
    const { options } = parseCommandLine(
      '--map stats --timeout 500 --socket-name n --socket-directory /s --shm-directory /m --buffer-size 65536'.split(
        ' ',
      ),
      {},
    );
    expect(connectOptions(options, VARIABLES)).toEqual({
      map: 'stats',
      timeoutMs: 500,
      socketName: 'n',
      socketDirectory: '/s',
      sharedMemoryDirectory: '/m',
      bufferSize: 65536,
    });
  });

  it('takes the directories from the environment, if no option names them', () => {
    expect(connectOptions({}, VARIABLES)).toMatchObject({
      socketDirectory: '/variable/sockets',
      sharedMemoryDirectory: '/variable/shm',
    });
    const empty = { COROSYNC_CLIENT_SOCKET_DIRECTORY: '', COROSYNC_CLIENT_SHM_DIRECTORY: '' };
    expect(connectOptions({}, empty)).toEqual(connectOptions({}, {}));
  });

  test.each([
    [{ map: 'other' }, 'there is no map other: use icmap or stats'],
    [{ timeout: '0' }, '--timeout takes a whole number above 0, not 0'],
    [{ timeout: '-1' }, '--timeout takes a whole number above 0, not -1'],
    [{ 'buffer-size': '1e6' }, '--buffer-size takes a whole number above 0, not 1e6'],
  ])('refuses %o', (options, message) => {
    expect(() => connectOptions(options, {})).toThrow(message);
  });
});
