import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { causeOf } from '../../../../src/cli/doctor/connection/causes.ts';
import { failureOf } from '../../../../src/cli/doctor/connection/failure.ts';
import type { Settings, User } from '../../../../src/cli/doctor/surroundings.ts';
import { ConnectionError, CsError, type CsErrorName } from '../../../../src/index.ts';
import { FakeSystem, GUEST, abstract } from '../fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  vi.spyOn(fs, 'existsSync').mockReturnValue(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

/** What libqb's server has answered. */
const answer = (errno: string, code: CsErrorName = 'CS_ERR_LIBRARY'): ConnectionError =>
  new ConnectionError(code, { operation: 'connect', errno });

const systemError = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });

/** What the kernel has answered. */
const refused = (errno: string, syscall: 'connect' | 'open'): ConnectionError =>
  new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', errno, cause: systemError(errno, syscall) });

/** A call on a connection, which wraps what happened. */
const called = (errno: string): CsError =>
  new CsError('CS_ERR_LIBRARY', {
    operation: 'cmap_get',
    cause: new ConnectionError('CS_ERR_LIBRARY', {
      operation: 'connection',
      cause: systemError(errno, 'write'),
    }),
  });

function remedy(error: unknown, settings: Partial<Settings> = {}, user?: User): unknown {
  return causeOf(failureOf(error))?.remedy?.(system.lookAround(settings, user ?? GUEST), []);
}

describe('failureOf', () => {
  it('tells who has refused what', () => {
    expect(failureOf(answer('EACCES', 'CS_ERR_ACCESS'))).toMatchObject({ place: 'answer', errno: 'EACCES' });
    expect(failureOf(answer('errno 30'))).toMatchObject({ place: 'answer', errno: 'EROFS' });
    expect(failureOf(answer('errno 9999'))).toMatchObject({ place: 'answer', errno: 'errno 9999' });
    expect(failureOf(refused('EPERM', 'connect'))).toMatchObject({ place: 'socket', errno: 'EPERM' });
    expect(failureOf(refused('EROFS', 'open'))).toMatchObject({ place: 'files', errno: 'EROFS' });
    expect(failureOf(called('EFBIG'))).toMatchObject({ place: 'call', errno: 'EFBIG' });
    const unanswered = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' });
    expect(failureOf(unanswered)).toEqual({ place: 'other', code: 'CS_ERR_LIBRARY', errno: undefined });
    expect(failureOf(new Error('other'))).toEqual({ place: 'other', code: undefined, errno: undefined });
  });
});

describe('causes', () => {
  it.each([
    [answer('EACCES', 'CS_ERR_ACCESS'), /create \/etc\/corosync\/uidgid\.d\/guest/],
    [answer('errno 1'), /create \/etc\/corosync\/uidgid\.d\/guest/],
    [answer('errno 30'), /for writing where corosync runs/],
    [answer('ENOENT'), /^mount a tmpfs/],
    [answer('ENOSPC', 'CS_ERR_NO_SPACE'), /^see what fills it where corosync runs/],
    [answer('errno 122'), /^the quota of uid 1001/],
    [answer('EMFILE'), /^end what holds connections,\nor let corosync have more/],
    [answer('errno 23'), /^the machine has no file descriptors left/],
    [answer('ENOMEM', 'CS_ERR_NO_MEMORY'), /^corosync gets no memory/],
    [answer('EAGAIN', 'CS_ERR_TRY_AGAIN'), /^corosync starts or ends, .* again in a moment/],
    [answer('ENOSYS', 'CS_ERR_NOT_SUPPORTED'), /has not loaded this service/],
    [refused('EAFNOSUPPORT', 'connect'), /RestrictAddressFamilies= of its unit has to list AF_UNIX/],
    [refused('EAGAIN', 'connect'), /^the queue of connections to it is full; either corosync hangs/],
    [refused('ECONNREFUSED', 'connect'), /^start it: systemctl start corosync/],
    [refused('EPROTOTYPE', 'connect'), /another program has the socket: ss -xlp \| grep cmap/],
    [refused('EACCES', 'open'), /^a security module .* open the files/],
    [refused('EROFS', 'open'), /for writing/],
    [refused('ENOENT', 'open'), /^\/dev\/shm is not corosync's/],
    [called('EPERM'), /read and write those files/],
    [new ConnectionError('CS_ERR_TIMEOUT', { operation: 'connect' }), /very busy/],
    [new ConnectionError('CS_ERR_SECURITY', { operation: 'connect' }), /ss -xlp \| grep cmap$/],
  ])('%s has a remedy', (error, expected) => {
    expect(remedy(error)).toMatch(expected);
  });

  it.each([[called('EFBIG')], [refused('EMFILE', 'open')]])('%s has one by a finding only', (error) => {
    expect(causeOf(failureOf(error))?.findings).toHaveLength(1);
    expect(remedy(error)).toBeUndefined();
  });

  it('of a connection that was closed: a corosync that ends, if there is one', () => {
    const closed = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' });
    expect(remedy(closed)).toBeUndefined();
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    expect(remedy(closed)).toMatch(/^corosync may be ending/);
  });

  it('are unknown for what is no error of the library', () => {
    expect(causeOf(failureOf(new Error('other')))).toBeUndefined();
  });

  it('of a refused root are not rules', () => {
    const root = { real: { uid: 0, gid: 0 }, effective: { uid: 0, gid: 0 }, groups: [] };
    expect(remedy(answer('EACCES', 'CS_ERR_ACCESS'), {}, root)).toMatch(/it is corosync that is refused/);
  });

  it('of no descriptors name who has the connections', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    for (let n = 10; n < 14; n++) system.mkdir(`/dev/shm/qb-7-30-${n}-abCD09`);
    system.mkdir('/dev/shm/qb-7-31-20-abCD09');
    system.mkdir('/dev/shm/qb-8-32-20-abCD09');
    expect(remedy(answer('EMFILE'))).toContain('(pid 30 has 4, pid 31 has 1)');
  });

  it('of a socket that the kernel refuses: this one, as others can be made', async () => {
    expect(await remedy(refused('EPERM', 'connect'))).toMatch(/does not let it connect to this socket/);
  });

  it('of a file that may not be written to: it may be no socket', () => {
    expect(causeOf(failureOf(refused('EACCES', 'connect')))?.findings).toEqual([
      'socket-not-writable',
      'socket-out-of-reach',
      'socket-no-socket',
    ]);
  });

  it.each(['EACCES', 'EPERM'])('of files that are not ours: they may be mapped (%s)', (errno) => {
    expect(causeOf(failureOf(refused(errno, 'open')))?.findings).toContain('shm-mapped-owners');
  });

  it('name the unit', () => {
    system.write('/proc/self/cgroup', '0::/system.slice/agent.service\n');
    expect(remedy(refused('EAFNOSUPPORT', 'connect'))).toContain(
      '(systemctl show -p RestrictAddressFamilies agent.service)',
    );
    expect(remedy(refused('EACCES', 'open'))).toContain('systemctl cat agent.service');
  });
});
