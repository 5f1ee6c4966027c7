import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCorosync } from '../../../../src/cli/doctor/checks/corosync.ts';
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

describe('corosync', () => {
  it('runs', () => {
    system.addProcess(7, { commandLine: ['corosync', '-c', '/run/a.conf'] });
    expect(checkCorosync(system.lookAround())).toEqual([
      { level: 'ok', text: 'corosync runs: pid 7, configured by /run/a.conf' },
    ]);
  });

  it('is stopped: ours is a problem, another one is not', () => {
    system.addProcess(7, { state: 'T (stopped)' });
    system.addProcess(8, { state: 'T (stopped)', namespaces: { net: 'net:[2]' } });
    expect(checkCorosync(system.lookAround())).toMatchObject([
      { level: 'problem', remedy: 'kill -CONT 7' },
      { level: 'note', remedy: 'kill -CONT 8' },
    ]);
  });

  it('is held, or traced, by whom only that can help', () => {
    system.addProcess(9, { comm: 'gdb' });
    system.addProcess(7, { state: 't (tracing stop)', tracer: 9 });
    expect(checkCorosync(system.lookAround())).toMatchObject([{ level: 'problem', id: 'corosync-traced' }]);
    const held = checkCorosync(system.lookAround())[0];
    expect(held?.text).toContain('is held by pid 9 (gdb)');
    expect(held?.remedy).toMatch(/^see what that is: ps -fp 9; let corosync go on in it/);
    system.removeProcess(7);
    system.addProcess(7, { state: 't (tracing stop)' });
    expect(checkCorosync(system.lookAround())[0]?.text).toContain('a debugger outside of this container');
    expect(checkCorosync(system.lookAround())[0]?.remedy).not.toContain('ps ');
    system.removeProcess(7);
    system.addProcess(7, { tracer: 9 });
    expect(checkCorosync(system.lookAround())).toMatchObject([{ level: 'note', id: 'corosync-traced' }]);
  });

  it('is frozen, by a group around its own', () => {
    system.addMount('40 30 0:40 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw');
    system.addProcess(7);
    system.write('/proc/7/cgroup', '0::/docker/name\n');
    system.write('/sys/fs/cgroup/docker/name/cgroup.freeze', '0\n');
    system.write('/sys/fs/cgroup/docker/cgroup.freeze', '1\n');
    expect(checkCorosync(system.lookAround())).toMatchObject([{ level: 'problem', id: 'corosync-frozen' }]);
    expect(checkCorosync(system.lookAround())[0]?.remedy).toMatch(
      /: echo 0 > \/sys\/fs\/cgroup\/docker\/cgroup\.freeze$/,
    );
    system.addMount('41 30 0:41 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer');
    system.write('/proc/7/cgroup', '6:freezer:/a\n0::/\n');
    system.write('/sys/fs/cgroup/freezer/a/freezer.self_freezing', '1\n');
    expect(checkCorosync(system.lookAround())[0]?.remedy).toMatch(/echo THAWED > .*\/a\/freezer\.state$/);
  });

  it('is root’s, or ours: any user can give a program its name', () => {
    system.addProcess(7, { uid: 65534 });
    system.addProcess(8, { uid: GUEST.uid });
    const ids = (who?: typeof GUEST): (string | undefined)[] =>
      checkCorosync(system.lookAround({}, who)).map(({ id }) => id);
    expect(ids()).toEqual(['corosync-not-root', undefined, 'corosync-not-root', undefined]);
    expect(ids(GUEST)).toEqual(['corosync-not-root', undefined, undefined]);
    expect(checkCorosync(system.lookAround())[0]).toMatchObject({
      level: 'note',
      text: expect.stringContaining('pid 7 is named corosync, and uid 65534 runs it') as string,
    });
    // Within a user namespace that is what others' root looks like, too.
    system.write('/proc/self/uid_map', '         0     100000      65536\n');
    expect(ids()).toEqual([undefined, 'corosync-not-root', undefined]);
  });

  it('is frozen by a group whose name is no command', () => {
    system.addMount('40 30 0:40 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw');
    system.addProcess(7);
    system.write('/proc/7/cgroup', "0::/a'b;id\n");
    system.write("/sys/fs/cgroup/a'b;id/cgroup.freeze", '1\n');
    expect(checkCorosync(system.lookAround())[0]?.remedy).toContain(
      `: echo 0 > '/sys/fs/cgroup/a'\\''b;id/cgroup.freeze'`,
    );
  });

  it('waits in the kernel', () => {
    system.addProcess(7, { state: 'D (disk sleep)' });
    expect(checkCorosync(system.lookAround())).toMatchObject([{ level: 'note', id: 'corosync-waits' }]);
  });

  it('is hidden, but not from root, nor from the group that may see', () => {
    system.addMount('35 31 0:50 / /proc rw - proc proc rw,gid=4,hidepid=invisible');
    const seen = (groups: readonly number[], who = GUEST): (string | undefined)[] =>
      checkCorosync(system.lookAround({}, { real: who, effective: who, groups })).map(({ id }) => id);
    expect(seen([])).toEqual(['processes-hidden']);
    expect(seen([4])).toEqual(['corosync-not-seen']);
    expect(seen([], { uid: 0, gid: 0 })).toEqual(['corosync-not-seen']);
    system.addMount('36 31 0:51 / /proc rw - proc proc rw,hidepid=off');
    expect(seen([])).toEqual(['corosync-not-seen']);
  });

  it('is not to be seen', () => {
    expect(checkCorosync(system.lookAround())).toMatchObject([{ level: 'note' }]);
    system.moveTo({ pid: 'pid:[2]' });
    expect(checkCorosync(system.lookAround())[0]?.text).toContain('in this pid namespace');
  });
});
