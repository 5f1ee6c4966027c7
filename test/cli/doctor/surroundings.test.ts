import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findCorosync } from '../../../src/cli/doctor/system/corosync-process.ts';
import { listeningSockets } from '../../../src/cli/doctor/system/listening-sockets.ts';
import { FakeSystem, GUEST, abstract } from './fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  vi.spyOn(fs, 'existsSync').mockReturnValue(false); // no forced filesystem sockets
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

describe('listeningSockets', () => {
  it('are those that accept, by path or padded name', () => {
    system.listen('self', abstract('cmap'), '/run/with space/cmap');
    expect(listeningSockets(system.files, 'self')).toEqual([abstract('cmap'), '/run/with space/cmap']);
    system.write('/proc/self/net/unix', '00c5: 00000003 00000000 00000000 0001 03 7 @cmap\n');
    expect(listeningSockets(system.files, 'self')).toEqual([]);
    expect(listeningSockets(system.files, 99)).toEqual([]);
  });
});

describe('findCorosync', () => {
  it('finds processes by their name', () => {
    system.addProcess(7);
    system.addProcess(8, { comm: 'corosync-cmapct' });
    system.addProcess(9, { state: 'Z (zombie)' });
    system.addProcess(10, { state: 'T (stopped)', namespaces: 'hidden' });
    system.write('/proc/cpuinfo', '');
    expect(findCorosync(system.files)).toMatchObject([
      { pid: 7, stopped: false, root: '/proc/7/root', configFile: '/etc/corosync/corosync.conf' },
      { pid: 10, stopped: true, root: '', namespaces: undefined },
    ]);
  });

  it.each([
    [['corosync', '-f', '-c', '/run/a.conf'], '/run/a.conf'],
    [['corosync', '-fc', '/run/a.conf'], '/run/a.conf'],
    [['corosync', '-c/run/a.conf', '-f'], '/run/a.conf'],
    [['/usr/sbin/corosync', '-f'], '/etc/corosync/corosync.conf'],
    [['corosync', '-c'], '/etc/corosync/corosync.conf'],
    [['corosync', '-c', 'relative.conf'], '/etc/corosync/corosync.conf'],
    [['corosync', '-c', '/a\nfaked line'], '/etc/corosync/corosync.conf'],
    [[], '/etc/corosync/corosync.conf'],
  ])('%j is configured by %s', (commandLine, configFile) => {
    system.addProcess(7, { commandLine });
    expect(findCorosync(system.files)[0]?.configFile).toBe(configFile);
  });
});

describe('lookAround', () => {
  it('knows the corosync of our network namespace', () => {
    system.addProcess(7, { namespaces: { net: 'net:[2]' } });
    system.addProcess(8);
    expect(system.lookAround().corosync?.pid).toBe(8);
  });

  it('tells two by the sockets that it sees, where their namespaces are hidden', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7, { namespaces: 'hidden', sockets: [abstract('cmap')] });
    expect(system.lookAround({}, GUEST).corosync).toBeUndefined();
    system.addProcess(8, { namespaces: 'hidden' });
    expect(system.lookAround({}, GUEST).corosync?.pid).toBe(8);
  });

  it('knows who has the name, where it may look', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    system.addProcess(8);
    system.addProcess(9, { comm: 'other', uid: 33 });
    system.holdSocket(8, abstract('cmap'));
    expect(system.lookAround()).toMatchObject({ corosync: { pid: 8 }, owner: { pid: 8 } });
    fs.rmSync(system.path('/proc/8'), { recursive: true });
    system.holdSocket(9, abstract('cmap'));
    expect(system.lookAround().owner).toEqual({ pid: 9, name: 'other', uid: 33 });
  });

  it('knows the one that has bound the file', () => {
    system.addProcess(7, { sockets: ['/tmp/cmap'] });
    system.addProcess(8, { container: true, sockets: ['/tmp/cmap'], namespaces: { net: 'net:[2]' } });
    system.write('/proc/8/root/tmp/cmap', '');
    system.write('/tmp/cmap', '');
    expect(system.lookAround({ socketDirectory: '/tmp' }).corosync?.pid).toBe(7);
    expect(system.lookAround({ socketDirectory: '/proc/8/root/tmp' }).corosync?.pid).toBe(8);
    expect(system.lookAround({ socketDirectory: '/run' }).corosync).toBeUndefined();
  });

  it('translates our credentials out of a user namespace, unless corosync is in it', () => {
    system.write('/proc/self/uid_map', '0 1000 1\n1 100000 65536\n');
    system.write('/proc/self/gid_map', '0 100000 65536\n');
    expect(system.lookAround().seenAs).toEqual({ uid: 1000, gid: 100000 });
    expect(system.lookAround({}, GUEST).seenAs).toEqual({ uid: 101000, gid: 101002 });
    system.addProcess(7, { namespaces: { user: 'user:[2]', net: 'net:[2]' } });
    expect(system.lookAround({}, GUEST).seenAs).toEqual({ uid: 101000, gid: 101002 });
    system.addProcess(8);
    expect(system.lookAround({}, GUEST).seenAs).toEqual(GUEST);
  });

  // Its map as we read it, ours, and as whom it sees uid 1001 and gid 1002: tried on real namespaces.
  it.each([
    ['0 0 4294967295', '0 0 4294967295', [1001, 1002]],
    ['0 100000 65536', '0 100000 65536', [1001, 1002]],
    ['0 4294967295 4294967295', '0 100000 65536', [101001, 101002]],
    ['0 0 4294967295', '0 100000 65536', [101001, 101002]],
    ['0 1000 65536', '0 0 4294967295', [1, 2]],
    ['0 100000 65536', '0 0 4294967295', [65534, 65534]],
    ['0 0 65536', '0 100000 65536', [1001, 1002]],
  ])(
    'by the maps %j and %j, a corosync that it may not look at sees it as %j',
    (theirs, ours, [uid, gid]) => {
      for (const map of ['uid_map', 'gid_map']) system.write(`/proc/self/${map}`, `${ours}\n`);
      system.addProcess(7, { namespaces: 'hidden' });
      for (const map of ['uid_map', 'gid_map']) system.write(`/proc/7/${map}`, `${theirs}\n`);
      expect(system.lookAround({}, GUEST).seenAs).toEqual({ uid, gid });
    },
  );

  it('counts the real ids as those that corosync sees', () => {
    const user = { real: GUEST, effective: { uid: 0, gid: 0 }, groups: [] };
    expect(system.lookAround({}, user).seenAs).toEqual(GUEST);
  });
});
