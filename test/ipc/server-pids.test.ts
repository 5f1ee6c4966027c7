import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { canMeanUs, checkMeansUs } from '../../src/ipc/server-pids.ts';

const OURS = process.pid;
const OTHER = OURS + 1;
const COROSYNC = 4242;

interface Surroundings {
  /** Our pid namespace. Default: the first one. */
  readonly namespace?: string;
  /** Whether a corosync has the pid that is said to be the server's. Default: no. */
  readonly corosync?: boolean;
  /** What /proc calls us; undefined: there is no /proc. Default: what we do. */
  readonly self?: string | undefined;
}

/** A /proc for the processes of a test. */
function within(surroundings: Surroundings): void {
  const { namespace = 'pid:[4026531836]', corosync = false } = surroundings;
  const self = 'self' in surroundings ? surroundings.self : String(OURS);
  const links: Readonly<Record<string, string | undefined>> = {
    '/proc/self': self,
    '/proc/self/ns/pid': self === undefined ? undefined : namespace,
  };
  vi.spyOn(fs, 'readlinkSync').mockImplementation((path) => links[String(path)] ?? missing(path));
  vi.spyOn(fs, 'readFileSync').mockImplementation((path) => {
    if (path === `/proc/${COROSYNC}/comm` && self !== undefined) return corosync ? 'corosync\n' : 'bash\n';
    return missing(path);
  });
}

function missing(path: unknown): never {
  throw Object.assign(new Error(`ENOENT ${String(path)}`), { code: 'ENOENT' });
}

afterEach(() => {
  vi.restoreAllMocks();
});

const CONTAINER = { namespace: 'pid:[4026532000]' };
const NO_PROC = { self: undefined };

describe('the client that a server names', () => {
  it.each<[string, number, Surroundings, boolean]>([
    ['our pid', OURS, {}, true],
    ['our pid, beside a corosync', OURS, { corosync: true }, true],
    ['our pid in a container', OURS, CONTAINER, true],
    ['another pid', OTHER, {}, false],
    ['another pid, by a corosync of our namespace', OTHER, { ...CONTAINER, corosync: true }, false],
    ['another pid in a container: the server is outside', OTHER, CONTAINER, true],
    ['another pid where there is no /proc', OTHER, NO_PROC, true],
    ['nobody: the server is in a container', 0, {}, true],
    ['nobody, by a corosync of our namespace', 0, { corosync: true }, false],
    ['nobody, in a container', 0, CONTAINER, true],
    ['itself, as a fake does', COROSYNC, {}, true],
    [
      'another pid, under a /proc whose pids are not ours',
      OTHER,
      { ...CONTAINER, corosync: true, self: '77' },
      true,
    ],
  ])('is %s', (_what, clientPid, surroundings, expected) => {
    within(surroundings);
    expect(canMeanUs({ serverPid: COROSYNC, clientPid })).toBe(expected);
    const check = (): void => checkMeansUs('/dev/shm/qb-x', { serverPid: COROSYNC, clientPid });
    if (expected) expect(check).not.toThrow();
    else
      expect(check).toThrow(
        expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY', operation: 'connect' }),
      );
  });
});
