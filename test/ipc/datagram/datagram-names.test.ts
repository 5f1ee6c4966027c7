import { describe, expect, it } from 'vitest';
import { checkDatagramNames } from '../../../src/ipc/datagram/datagram-names.ts';

const PLACE = { service: 'cmap', setupPath: '/run/cmap', sharedMemoryDirectory: '/dev/shm' };
const DIRECTORY = '/dev/shm/qb-11-22-33-Ab3dE9';
const ABSTRACT = {
  request: `${DIRECTORY}/qb-control-cmap`,
  response: `${DIRECTORY}/qb-cmap`,
  event: '',
};
const OLD = { request: '/dev/shm/qb-cmap-control-11-22-33', response: 'qb-cmap-11-22-33', event: '' };
const FREEBSD = { request: '/run/11-22-33-control-cmap', response: '11-22-33-cmap', event: '' };

describe('the names of a datagram connection', () => {
  it('are abstract if they start with a slash', () => {
    expect(checkDatagramNames(ABSTRACT, { ...PLACE, setupPath: '\0cmap' })).toEqual({
      namespace: 'abstract',
      base: ABSTRACT.response,
      control: ABSTRACT.request,
      serverPid: 11,
      clientPid: 22,
      directory: DIRECTORY,
    });
  });

  it('stay what the server calls them, wherever its shared memory is; its file is looked for there', () => {
    const names = checkDatagramNames(ABSTRACT, { ...PLACE, sharedMemoryDirectory: '/proc/1/root/dev/shm' });
    expect(names.base).toBe(ABSTRACT.response);
    expect(names.control).toBe('/proc/1/root/dev/shm/qb-11-22-33-Ab3dE9/qb-control-cmap');
  });

  it('are files beside the setup socket otherwise', () => {
    expect(checkDatagramNames(OLD, { ...PLACE, sharedMemoryDirectory: '/shm' })).toEqual({
      namespace: 'file',
      base: '/run/qb-cmap-11-22-33',
      control: '/shm/qb-cmap-control-11-22-33',
      serverPid: 11,
      clientPid: 22,
      directory: undefined,
    });
    expect(checkDatagramNames(FREEBSD, PLACE)).toEqual({
      namespace: 'file',
      base: '/run/11-22-33-cmap',
      control: '/run/11-22-33-control-cmap',
      serverPid: 11,
      clientPid: 22,
      directory: undefined,
    });
  });

  it.each([
    ['nothing', { request: '', response: '', event: '' }],
    ['an event path', { ...ABSTRACT, event: `${DIRECTORY}/qb-event-cmap` }],
    ['a file of the system for its counters', { ...ABSTRACT, request: '/etc/shadow' }],
    [
      'the counters of another connection',
      { ...ABSTRACT, request: '/dev/shm/qb-11-22-34-Ab3dE9/qb-control-cmap' },
    ],
    ['another service', { ...ABSTRACT, response: `${DIRECTORY}/qb-cpg` }],
    ['a directory elsewhere', { ...ABSTRACT, response: '/tmp/qb-11-22-33-Ab3dE9/qb-cmap' }],
    ['a way out', { ...ABSTRACT, response: `${DIRECTORY}/../qb-cmap` }],
    ['a directory that nobody made up at random', { ...ABSTRACT, response: '/dev/shm/qb-11-22-33/qb-cmap' }],
    ['a socket in another directory', { ...OLD, response: '../qb-cmap-11-22-33' }],
    ['a socket of another service', { ...OLD, response: 'qb-cpg-11-22-33' }],
    ['counters of another service', { ...OLD, request: '/dev/shm/qb-cpg-control-11-22-33' }],
    ['counters of another client', { ...OLD, request: '/dev/shm/qb-cmap-control-11-22-34' }],
    ['counters away from the socket', { ...FREEBSD, request: '/tmp/11-22-33-control-cmap' }],
    ['no numbers', { ...OLD, response: 'qb-cmap-a-b-c' }],
    ['a newline', { ...FREEBSD, response: '11-22-33-cmap\n' }],
  ])('may not be %s', (_what, paths) => {
    expect(() => checkDatagramNames(paths, PLACE)).toThrow(
      expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' }),
    );
  });

  it('are no files if the setup socket is none', () => {
    for (const paths of [OLD, FREEBSD]) {
      expect(() => checkDatagramNames(paths, { ...PLACE, setupPath: '\0cmap' })).toThrow(/not corosync/);
    }
  });

  it('are refused where the longest of them could be no socket', () => {
    const place = (length: number): { setupPath: string } => ({
      setupPath: `/${'x'.repeat(length - 2)}/cmap`,
    });
    const longest = 107 - `/${OLD.response}-event-tx`.length;
    expect(() => checkDatagramNames(OLD, { ...PLACE, ...place(longest + 1) })).not.toThrow();
    expect(() => checkDatagramNames(OLD, { ...PLACE, ...place(longest + 2) })).toThrow(
      expect.objectContaining({ code: 'CS_ERR_NAME_TOO_LONG' }),
    );
  });
});
