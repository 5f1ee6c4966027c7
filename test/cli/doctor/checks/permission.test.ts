import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkPermission, permissionRemedy } from '../../../../src/cli/doctor/checks/permission.ts';
import { FakeSystem, GUEST, abstract } from '../fake-system.ts';

const CONF = '/etc/corosync/corosync.conf';
let system: FakeSystem;

beforeEach(() => {
  vi.spyOn(fs, 'existsSync').mockReturnValue(false);
  system = new FakeSystem();
  system.write(CONF, 'totem {\n  version: 2\n}\n');
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

const check = (user = GUEST): ReturnType<typeof checkPermission> =>
  checkPermission(system.lookAround({}, user));

describe('permission', () => {
  it('root and group 0 have, without a rule', () => {
    expect(check({ uid: 0, gid: 5 })).toMatchObject({ level: 'ok' });
    expect(check({ uid: 5, gid: 0 })).toMatchObject({ level: 'ok' });
  });

  it('root of a user namespace has not', () => {
    for (const map of ['uid_map', 'gid_map']) system.write(`/proc/self/${map}`, '0 100000 65536\n');
    expect(check({ uid: 0, gid: 0 }).text).toContain('allows uid 100000 or gid 100000');
  });

  it.each([
    ['uid: 1001'],
    ['uid: guest'],
    ['gid: 1002'],
    ['  gid:guests'],
    ['uid: root\n  uid : guest  '],
    ['# a comment\n  uid: guest'],
  ])('is given by %j, in any of the files', (rule) => {
    const section = `uidgid {\n  ${rule}\n}\n`;
    system.write('/etc/corosync/uidgid.d/some', section);
    expect(check()).toEqual({
      level: 'ok',
      text: '/etc/corosync/uidgid.d/some allows uid 1001, gid 1002',
    });
    system.write(CONF, `totem {\n  interface {\n    ringnumber: 0\n  }\n}\n${section}`);
    expect(check().text).toMatch(/^\/etc\/corosync\/corosync\.conf allows/);
  });

  it.each([
    ['uidgid {\n  uid: 1002\n}'],
    ['uidgid {\n  gid: 1001\n}'],
    ['uidgid {\n  # uid: guest\n}'],
    ['uidgid {\n}\nuid: guest'],
    ['totem {\n  uid: guest\n}'],
    ['nested {\n  uidgid {\n    uid: guest\n  }\n}'],
  ])('is not given by %j', (text) => {
    system.write('/etc/corosync/uidgid.d/some', text);
    expect(check()).toEqual({
      level: 'note',
      id: 'no-rule',
      text: `neither ${CONF} nor a file in /etc/corosync/uidgid.d allows uid 1001 or gid 1002`,
    });
  });

  it('is not given by a supplementary group', () => {
    system.write('/etc/corosync/uidgid.d/some', 'uidgid {\n  gid: 7\n}\n');
    const user = { real: GUEST, effective: GUEST, groups: [7] };
    const seen = checkPermission(system.lookAround({}, user));
    expect(seen).toMatchObject({ level: 'note', id: 'rule-supplementary' });
    expect(seen.remedy).toBe('make it the primary one: Group=7 in its unit; or allow the user: uid, not gid');
    system.write('/etc/group', 'watchers:x:7:guest\n');
    expect(permissionRemedy(system.lookAround({}, user))).toContain('sg watchers COMMAND, or Group=watchers');
  });

  it('is unknown where a name is', () => {
    system.write('/etc/corosync/uidgid.d/some', 'uidgid {\n  uid: stranger\n}\n');
    expect(check()).toMatchObject({ level: 'note', id: 'rule-unknown' });
    expect(check().text).toContain('names stranger, who is not known here');
  });

  it('is unknown where a file cannot be read', () => {
    fs.rmSync(system.path(CONF));
    expect(check()).toMatchObject({ level: 'note' });
    expect(check().text).toMatch(/corosync\.conf cannot be read/);
  });

  it('is read where corosync has its files and its users', () => {
    const commandLine = ['corosync', '-f', '-c', '/srv/one/corosync.conf'];
    system.addProcess(7, { container: true, commandLine });
    system.write('/proc/7/root/srv/one/corosync.conf', '');
    system.write('/proc/7/root/srv/one/uidgid.d/us', 'uidgid {\n  uid: someone\n}\n');
    expect(check()).toMatchObject({ level: 'note' });
    system.write('/proc/7/root/etc/passwd', 'someone:x:1001:5::/:/bin/sh\n');
    expect(check().text).toMatch(/^\/srv\/one\/uidgid\.d\/us allows/);
  });
});

describe('permissionRemedy', () => {
  const remedy = (user = GUEST): string | undefined => permissionRemedy(system.lookAround({}, user));

  it('is a file, named after the user, with its number', () => {
    expect(remedy()).toBe(
      'as root, create /etc/corosync/uidgid.d/guest where corosync runs, with these lines, and run corosync-cfgtool -R:\n' +
        'uidgid {\n  uid: 1001\n}',
    );
  });

  it('is a file beside the configuration that corosync uses', () => {
    system.addProcess(7, { commandLine: ['corosync', '-c', '/srv/corosync.conf'] });
    expect(remedy()).toContain(' /srv/uidgid.d/guest ');
  });

  it('needs no name, and takes none that is no file name', () => {
    expect(remedy({ uid: 77, gid: 78 })).toContain('/uidgid.d/uid-77 ');
    system.write('/etc/passwd', '../../x:x:77:78::/:/bin/sh\n');
    expect(remedy({ uid: 77, gid: 78 })).toContain('/uidgid.d/uid-77 ');
  });

  it('minds a uid that changes', () => {
    expect(remedy({ uid: 61_184, gid: 61_184 })).toMatch(/^give the unit a User= instead of DynamicUser=/);
  });

  it('is none for whom a rule is older than corosync, nor for root', () => {
    system.write('/etc/corosync/uidgid.d/guest', 'uidgid {\n  uid: guest\n}\n');
    system.listen('self', abstract('cmap'));
    system.addProcess(7, { startedAfter: 2_000_000_000 });
    expect(remedy()).toBeUndefined();
    expect(remedy({ uid: 0, gid: 0 })).toBeUndefined();
  });

  it('is to reload, if there is a rule', () => {
    system.write('/etc/corosync/uidgid.d/guest', 'uidgid {\n  uid: guest\n}\n');
    expect(remedy()).toMatch(
      /^\/etc\/corosync\/uidgid\.d\/guest allows .*: run corosync-cfgtool -R as root$/,
    );
  });
});
