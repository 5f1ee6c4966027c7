import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkNamespaces } from '../../../../src/cli/doctor/checks/namespaces.ts';
import { FakeSystem, GUEST, forceFilesystemSockets } from '../fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

describe('namespaces', () => {
  it('are the same', () => {
    system.addProcess(7);
    expect(checkNamespaces(system.lookAround())).toEqual([
      { level: 'ok', text: 'the same as those of corosync (pid 7): net, ipc, mnt, pid, user' },
    ]);
  });

  it('are the same, but another directory is given', () => {
    system.addProcess(7);
    system.mkdir('/mnt/shm');
    const wrong = checkNamespaces(system.lookAround({ sharedMemoryDirectory: '/mnt/shm' }));
    expect(wrong).toMatchObject([{ level: 'ok' }, { level: 'problem' }]);
    expect(wrong[1]).toMatchObject({
      text: '/mnt/shm is not the /dev/shm of corosync (pid 7)',
      remedy: 'leave out --shm-directory, and unset COROSYNC_CLIENT_SHM_DIRECTORY',
    });
    const right = system.lookAround({ sharedMemoryDirectory: '/proc/7/root/dev/shm' });
    expect(checkNamespaces(right)).toMatchObject([{ level: 'ok' }, { level: 'ok' }]);
  });

  it('cannot be seen, but that corosync has its files elsewhere can', () => {
    const other = { sharedMemoryDirectory: '/mnt/shm' };
    system.mkdir('/mnt/shm');
    expect(checkNamespaces(system.lookAround(other))).toEqual([]);
    system.write('/dev/shm/qb-corosync-7-blackbox-header', '');
    expect(checkNamespaces(system.lookAround())).toEqual([]);
    expect(checkNamespaces(system.lookAround(other))).toMatchObject([{ level: 'note', id: 'shm-foreign' }]);
    system.write('/mnt/shm/qb-corosync-8-blackbox-header', '');
    expect(checkNamespaces(system.lookAround(other))).toEqual([]);
  });

  it('differ, harmlessly', () => {
    system.addProcess(7, { namespaces: { mnt: 'mnt:[2]', pid: 'pid:[2]' } });
    expect(checkNamespaces(system.lookAround())).toEqual([
      { level: 'note', id: 'namespaces-differ', text: 'not the same as those of corosync (pid 7): mnt, pid' },
      { level: 'ok', text: '/dev/shm is the /dev/shm of corosync (pid 7)' },
    ]);
  });

  it('have another /dev/shm, unless the right one is named', () => {
    system.addProcess(7, { namespaces: { mnt: 'mnt:[2]' }, container: true });
    expect(checkNamespaces(system.lookAround())[1]).toEqual({
      level: 'problem',
      id: 'shm-foreign',
      text: '/dev/shm is not the /dev/shm of corosync (pid 7)',
      remedy:
        'use --shm-directory /proc/7/root/dev/shm, as root, or share it: docker run --ipc=container:NAME',
    });
    const right = system.lookAround({ sharedMemoryDirectory: '/proc/7/root/dev/shm' });
    expect(checkNamespaces(right)[1]).toMatchObject({ level: 'ok' });
  });

  it('of another corosync are no problem', () => {
    system.addProcess(7, { namespaces: { net: 'net:[2]', mnt: 'mnt:[2]' }, container: true });
    expect(checkNamespaces(system.lookAround()).map(({ level }) => level)).toEqual(['note', 'note']);
    system.addProcess(8);
    expect(checkNamespaces(system.lookAround()).map(({ text }) => text)).toEqual([
      'the same as those of corosync (pid 8): net, ipc, mnt, pid, user',
    ]);
  });

  it('are hidden, but what everybody may see tells of the network and of shared memory', () => {
    const mounts = ['30 1 8:1 / / rw - ext4 /dev/sda1 rw', '32 30 0:77 / /dev/shm rw - tmpfs tmpfs rw'];
    system.addProcess(7, { namespaces: 'hidden', mounts });
    expect(checkNamespaces(system.lookAround({}, GUEST))).toMatchObject([
      { level: 'ok', text: 'the network is that of corosync (pid 7)' },
      { level: 'problem', text: '/dev/shm is not the /dev/shm of corosync (pid 7)' },
    ]);
  });

  it('cannot be seen', () => {
    system.addProcess(7, { namespaces: 'hidden', sockets: [] });
    expect(checkNamespaces(system.lookAround({}, GUEST))).toMatchObject([
      {
        level: 'note',
        id: 'namespaces-hidden',
        text: 'those of corosync (pid 7) cannot be seen by uid 1001; root sees more',
      },
      { level: 'ok', text: '/dev/shm is the /dev/shm of corosync (pid 7)' },
    ]);
    expect(checkNamespaces(system.lookAround())[0]?.text).toMatch(/; something keeps root from looking/);
    fs.rmSync(system.path('/proc'), { recursive: true });
    expect(checkNamespaces(system.lookAround())).toMatchObject([{ level: 'note' }]);
  });
});
