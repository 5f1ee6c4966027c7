import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsError } from '../../../src/errors/index.ts';
import { checkSharedMemoryPaths } from '../../../src/ipc/shared-memory/shared-memory-path.ts';
import { readGoldenFile } from '../../golden/golden-file.ts';

const DIRECTORY = '/dev/shm/qb-4711-99-28-a1B2c3';

function pathsIn(directory: string, service = 'cmap'): { request: string; response: string; event: string } {
  return {
    request: `${directory}/qb-request-${service}`,
    response: `${directory}/qb-response-${service}`,
    event: `${directory}/qb-event-${service}`,
  };
}

const untrusted: unknown = expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });

describe('checkSharedMemoryPaths', () => {
  it('accepts what corosync sends', () => {
    const handshake = readGoldenFile().exchanges.find(({ name }) => name === 'handshake')?.responseFields;
    if (handshake?.message !== 'connectionResponse') throw new Error('the golden handshake is missing');
    const paths = checkSharedMemoryPaths(handshake, 'cmap');
    expect(paths).toMatchObject({
      request: handshake.request,
      response: handshake.response,
      event: handshake.event,
    });
  });

  it('finds directory and server', () => {
    expect(checkSharedMemoryPaths(pathsIn(DIRECTORY), 'cmap')).toEqual({
      directory: DIRECTORY,
      serverPid: 4711,
      clientPid: 99,
      ...pathsIn(DIRECTORY),
    });
  });

  it('translates to where the shared memory is mounted', () => {
    const there = '/proc/5/root/dev/shm';
    expect(checkSharedMemoryPaths(pathsIn(DIRECTORY), 'cmap', there)).toEqual({
      directory: `${there}/qb-4711-99-28-a1B2c3`,
      serverPid: 4711,
      clientPid: 99,
      ...pathsIn(`${there}/qb-4711-99-28-a1B2c3`),
    });
  });

  it('knows other services by name', () => {
    expect(checkSharedMemoryPaths(pathsIn(DIRECTORY, 'quorum'), 'quorum').event).toMatch(/qb-event-quorum$/);
    expect(() => checkSharedMemoryPaths(pathsIn(DIRECTORY, 'quorum'), 'cmap')).toThrow(untrusted);
  });

  it.each([
    '',
    '/',
    '/dev/shm',
    '/tmp/qb-4711-99-28-a1B2c3',
    '/dev/shm/qb-4711-99-28-a1B2c3/qb-4711-99-28-a1B2c3',
    '/dev/shm/../shm/qb-4711-99-28-a1B2c3',
    '/dev/shm/x/../qb-4711-99-28-a1B2c3',
    '/dev/shm//qb-4711-99-28-a1B2c3',
    '/dev/shm/qb-4711-99-28-a1B2c3/.',
    '/dev/shm/qb-4711-99-28-a1B2c3/..',
    '/dev/shm/qb-4711-99-28-a1B2c3/',
    'dev/shm/qb-4711-99-28-a1B2c3',
    '/home/dev/shm/qb-4711-99-28-a1B2c3',
    '/dev/shm/qb-4711-99-28-a1B2c',
    '/dev/shm/qb-4711-99-28-a1B2c34',
    '/dev/shm/qb-4711-99-28-a1B2c.',
    '/dev/shm/qb-4711-99-28-..B2c3',
    '/dev/shm/qb-4711-99-28',
    '/dev/shm/qb-4711-99-a1B2c3',
    '/dev/shm/qb--99-28-a1B2c3',
    '/dev/shm/qb-x-99-28-a1B2c3',
    '/dev/shm/qb-4711-99-28-a1B2c3\n',
    '/dev/shm/\nqb-4711-99-28-a1B2c3',
    '/dev/shm/QB-4711-99-28-a1B2c3',
    '/dev/shm/qb-4711-99-28-a1B2cé',
    '/dev/shm/qb-４711-99-28-a1B2c3',
  ])('refuses the directory %j', (directory) => {
    expect(() => checkSharedMemoryPaths(pathsIn(directory), 'cmap')).toThrow(untrusted);
  });

  it.each([
    ['request', `${DIRECTORY}/qb-request-cmap-header`],
    ['request', `${DIRECTORY}/qb-request-cmap/`],
    ['request', `${DIRECTORY}/../qb-4711-99-28-a1B2c3/qb-request-cmap`],
    ['request', `${DIRECTORY}/qb-response-cmap`],
    ['response', `${DIRECTORY}/qb-request-cmap`],
    ['response', '/dev/shm/qb-4711-99-28-XXXXXX/qb-response-cmap'],
    ['response', '/etc/passwd'],
    ['response', ''],
    ['event', `${DIRECTORY}/qb-event-cmap `],
    ['event', `${DIRECTORY}/qb-event-cma`],
    ['event', `${DIRECTORY}/x/qb-event-cmap`],
  ])('refuses the %s path %j', (channel, path) => {
    expect(() => checkSharedMemoryPaths({ ...pathsIn(DIRECTORY), [channel]: path }, 'cmap')).toThrow(
      untrusted,
    );
  });

  it('shows what it refuses, but not endlessly', () => {
    const paths = { ...pathsIn(DIRECTORY), event: '/etc/\u001b[31m' + 'x'.repeat(4000) };
    const attempt = (): unknown => checkSharedMemoryPaths(paths, 'cmap');
    expect(attempt).toThrow(/\/etc\/\\u001b\[31mxxx/);
    expect(attempt).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/x{300}/) as unknown }),
    );
  });

  it('accepts nothing but that one shape', () => {
    const part = fc.constantFrom(
      '/',
      '..',
      '.',
      'dev',
      'shm',
      'qb-1-2-3-abcdef',
      'qb-request-cmap',
      '-',
      'x',
      '',
    );
    const path = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(path, path, path, (request, response, event) => {
        const shape = /^\/dev\/shm\/qb-\d+-\d+-\d+-[A-Za-z0-9]{6}\/qb-(request|response|event)-cmap$/;
        try {
          checkSharedMemoryPaths({ request, response, event }, 'cmap');
        } catch (error) {
          if (!(error instanceof CsError)) throw error;
          expect(error.code).toBe('CS_ERR_SECURITY');
          return;
        }
        for (const accepted of [request, response, event]) expect(accepted).toMatch(shape);
      }),
      { numRuns: 1000 },
    );
  });
});
