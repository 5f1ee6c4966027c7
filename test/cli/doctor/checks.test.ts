import fs from 'node:fs';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCorosync } from '../../../src/cli/doctor/check-corosync.ts';
import { checkNamespaces } from '../../../src/cli/doctor/check-namespaces.ts';
import { checkProcess } from '../../../src/cli/doctor/check-process.ts';
import { checkSharedMemory } from '../../../src/cli/doctor/check-shared-memory.ts';
import { checkSocket } from '../../../src/cli/doctor/check-socket.ts';
import { checkVersions } from '../../../src/cli/doctor/check-versions.ts';
import { costOfRings } from '../../../src/cli/doctor/shared-memory-cost.ts';
import { FakeSystem, GUEST, abstract } from './fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

function forceFilesystemSockets(forced: boolean): void {
  vi.spyOn(fs, 'existsSync').mockImplementation(
    (path) => forced && path === '/etc/libqb/force-filesystem-sockets',
  );
}

/** A socket file on which somebody listens, or did until `close`. */
async function withSocket(path: string, act: () => void): Promise<void> {
  fs.mkdirSync(system.path(path).replace(/\/\w+$/, ''), { recursive: true });
  const server = net.createServer().listen(system.path(path));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    act();
  } finally {
    server.close();
  }
}

describe('process', () => {
  const runtime = { version: '1.2.3', node: 'v20.19.0', platform: 'linux', arch: 'x64' };

  it('says who we are', () => {
    expect(checkProcess(system.lookAround({}, GUEST), runtime)).toEqual([
      { level: 'ok', text: 'corosync-client 1.2.3, Node.js v20.19.0 on linux x64' },
      { level: 'ok', text: 'uid 1001 (guest), gid 1002 (guests)' },
    ]);
    const [, nameless] = checkProcess(system.lookAround({}, { uid: 77, gid: 78 }), runtime);
    expect(nameless?.text).toBe('uid 77, gid 78');
  });

  it('says whom corosync sees', () => {
    system.write('/proc/self/uid_map', '0 100000 65536\n');
    const [, who] = checkProcess(system.lookAround(), runtime);
    expect(who).toMatchObject({ level: 'note' });
    expect(who?.text).toContain('for corosync, uid 100000, gid 0');
  });

  it('wants Linux', () => {
    const [where] = checkProcess(system.lookAround(), { ...runtime, platform: 'darwin' });
    expect(where).toMatchObject({ level: 'problem' });
  });
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
    system.addProcess(8, { state: 't (tracing stop)', namespaces: { net: 'net:[2]' } });
    expect(checkCorosync(system.lookAround())).toMatchObject([
      { level: 'problem', remedy: 'kill -CONT 7' },
      { level: 'note', remedy: 'kill -CONT 8' },
    ]);
  });

  it('is not to be seen', () => {
    expect(checkCorosync(system.lookAround())).toMatchObject([{ level: 'note' }]);
    system.moveTo({ pid: 'pid:[2]' });
    expect(checkCorosync(system.lookAround())[0]?.text).toContain('in this pid namespace');
  });
});

describe('socket', () => {
  it('is bound', () => {
    system.listen('self', abstract('cmap'));
    expect(checkSocket(system.lookAround())).toEqual({
      level: 'ok',
      text: '@cmap, an abstract name, is bound in this network namespace',
    });
  });

  it('is not the one of a shorter name', () => {
    system.listen('self', '@cmap', abstract('quorum'));
    expect(checkSocket(system.lookAround())).toMatchObject({ level: 'problem' });
  });

  it('is not there, because corosync does not run', () => {
    const { level, remedy } = checkSocket(system.lookAround());
    expect({ level, remedy }).toEqual({
      level: 'problem',
      remedy: 'start it: systemctl start corosync (and journalctl -u corosync says why it ended)',
    });
  });

  it('is not there, and we are in a container', () => {
    system.moveTo({ pid: 'pid:[2]' });
    expect(checkSocket(system.lookAround()).remedy).toContain('\ndocker run --network=container:NAME');
  });

  it('is not there, because corosync is in another network namespace', () => {
    const sockets = [abstract('cmap')];
    system.addProcess(7, { namespaces: { net: 'net:[2]' }, sockets });
    expect(checkSocket(system.lookAround()).remedy).toContain(
      'nsenter --target 7 --net corosync-client doctor\n',
    );
    fs.rmSync(system.path('/proc/7'), { recursive: true });
    system.addProcess(8, { namespaces: { net: 'net:[2]', mnt: 'mnt:[2]' }, container: true, sockets });
    expect(checkSocket(system.lookAround()).remedy).toContain(
      'nsenter --target 8 --net corosync-client doctor --shm-directory /proc/8/root/dev/shm\n',
    );
  });

  it('is not there yet', () => {
    system.addProcess(7);
    expect(checkSocket(system.lookAround()).remedy).toMatch(
      /^corosync \(pid 7\) does not listen as cmap yet/,
    );
  });

  it('is a file, while we look for the name', async () => {
    system.addProcess(7, { sockets: ['/tmp/cmap'] });
    await withSocket('/tmp/cmap', () => {
      expect(checkSocket(system.lookAround()).remedy).toMatch(/: use --socket-directory \/tmp$/);
    });
  });

  it('is a file of a container', async () => {
    system.addProcess(7, { container: true, sockets: ['/run/cmap'] });
    await withSocket('/proc/7/root/run/cmap', () => {
      expect(checkSocket(system.lookAround()).remedy).toMatch(
        /: use --socket-directory \/proc\/7\/root\/run --shm-directory \/proc\/7\/root\/dev\/shm$/,
      );
    });
  });

  it('is a file of a container that we may not look into', () => {
    system.addProcess(7, { namespaces: 'hidden', sockets: ['/run/cmap'] });
    expect(checkSocket(system.lookAround({}, GUEST)).remedy).toContain('doctor as root');
  });

  it('is a file, found or given', async () => {
    await withSocket('/run/cmap', () => {
      expect(checkSocket(system.lookAround({ socketDirectory: '/run' }))).toEqual({
        level: 'ok',
        text: '/run/cmap, by --socket-directory or $COROSYNC_CLIENT_SOCKET_DIRECTORY, is a socket',
      });
      forceFilesystemSockets(true);
      expect(checkSocket(system.lookAround())).toEqual({
        level: 'ok',
        text: '/run/cmap, a file because /etc/libqb/force-filesystem-sockets exists, is a socket',
      });
    });
  });

  it('is a file that is none', () => {
    const directory = { socketDirectory: '/run' };
    expect(checkSocket(system.lookAround(directory)).text).toMatch(/is not there$/);
    system.write('/run/cmap', '');
    expect(checkSocket(system.lookAround(directory)).text).toMatch(/is no socket$/);
  });

  it('is a name, while we look for a file', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    const given = checkSocket(system.lookAround({ socketDirectory: '/run' }));
    expect(given.remedy).toMatch(
      /on the abstract name: leave out --socket-directory, and unset COROSYNC_CLIENT_SOCKET_DIRECTORY$/,
    );
    forceFilesystemSockets(true);
    expect(checkSocket(system.lookAround()).remedy).toMatch(/: restart it, or remove \/etc\/libqb/);
  });
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

  it('differ, harmlessly', () => {
    system.addProcess(7, { namespaces: { mnt: 'mnt:[2]', pid: 'pid:[2]' } });
    expect(checkNamespaces(system.lookAround())).toEqual([
      { level: 'note', text: 'not the same as those of corosync (pid 7): mnt, pid' },
      { level: 'ok', text: '/dev/shm is the /dev/shm of corosync (pid 7)' },
    ]);
  });

  it('have another /dev/shm, unless the right one is named', () => {
    system.addProcess(7, { namespaces: { mnt: 'mnt:[2]' }, container: true });
    expect(checkNamespaces(system.lookAround())[1]).toEqual({
      level: 'problem',
      text: '/dev/shm is not the /dev/shm of corosync (pid 7)',
      remedy: 'use --shm-directory /proc/7/root/dev/shm, or share it: docker run --ipc=container:NAME',
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

  it('cannot be seen', () => {
    system.addProcess(7, { namespaces: 'hidden', sockets: [] });
    expect(checkNamespaces(system.lookAround({}, GUEST))).toMatchObject([
      { level: 'note', text: 'those of corosync (pid 7) cannot be seen by uid 1001; root sees more' },
    ]);
    fs.rmSync(system.path('/proc'), { recursive: true });
    expect(checkNamespaces(system.lookAround())).toMatchObject([{ level: 'note' }]);
  });
});

describe('shared memory', () => {
  const PAGE = 4096;

  it('of a connection: three rings of a header and a data file, in whole pages', () => {
    expect(costOfRings(1_048_576, PAGE).bytes).toBe(3 * (1_052_672 + 12_288));
    expect(costOfRings(65_536 - 13, PAGE).bytes).toBe(3 * (65_536 + 12_288));
  });

  /** Lets /dev/shm be a tmpfs of 64 MiB, with 2 MiB free, but for what is given. */
  function pretendTmpfs(has: Partial<fs.StatsFs> = {}): void {
    const tmpfs = { type: 0x01021994, bsize: PAGE, blocks: 16_384, bavail: 512, files: 100, ffree: 50 };
    const statfs = Object.assign(fs.statfsSync(system.root), tmpfs, has);
    vi.spyOn(system.files, 'statfs').mockReturnValue(statfs);
  }

  it('is enough, or not', () => {
    pretendTmpfs();
    expect(checkSharedMemory(system.lookAround())).toEqual([
      { level: 'ok', text: '/dev/shm: 64.0 MiB, 2.0 MiB free; a connection takes 240 KiB' },
    ]);
    const [tooLittle, ...others] = checkSharedMemory(system.lookAround({ bufferSize: 2 ** 20 }));
    expect(others).toEqual([]);
    expect(tooLittle).toMatchObject({
      level: 'problem',
      text: '/dev/shm: 64.0 MiB, 2.0 MiB free; a connection takes 3.0 MiB',
    });
    expect(tooLittle?.remedy?.split('\n')).toEqual([
      'see what fills it: du -sh /dev/shm/* | sort -h,',
      'or make it larger: mount -o remount,size=256m /dev/shm where corosync runs, or docker run --shm-size=256m,',
      'or a smaller connection: --buffer-size 65536 (bufferSize in the library) takes 240 KiB',
    ]);
    pretendTmpfs({ bavail: 59 });
    expect(checkSharedMemory(system.lookAround())[0]?.remedy).not.toContain('--buffer-size');
  });

  it('is large but full: a larger size than it has, and no smaller connection that would not fit either', () => {
    pretendTmpfs({ blocks: 262_144, bavail: 0 });
    const remedy = (settings = {}): string | undefined =>
      checkSharedMemory(system.lookAround({ bufferSize: 2 ** 20, ...settings }))[0]?.remedy;
    expect(remedy()).toContain('size=2048m /dev/shm where');
    expect(remedy()).not.toContain('--buffer-size');
    expect(remedy({ sharedMemoryDirectory: '/mnt/shm' })).toContain('du -sh /mnt/shm/* |');
    pretendTmpfs({ blocks: 262_144, bavail: 60 });
    expect(remedy()).toContain('--buffer-size 65536');
  });

  it('has no limits, or no files left', () => {
    pretendTmpfs({ blocks: 0, bavail: 0, files: 0, ffree: 0 });
    expect(checkSharedMemory(system.lookAround())).toMatchObject([{ level: 'ok' }]);
    pretendTmpfs({ ffree: 6 });
    expect(checkSharedMemory(system.lookAround())).toMatchObject([
      { level: 'problem', remedy: expect.stringContaining('nr_inodes') as string },
    ]);
  });

  it('is a tmpfs', () => {
    pretendTmpfs({ type: 0xef53 });
    expect(checkSharedMemory(system.lookAround())).toMatchObject([{ level: 'note' }, { level: 'ok' }]);
  });

  it('is hardly needed for datagram sockets', () => {
    const conf = 'system {\n  qb_ipc_type: socket\n}\n';
    pretendTmpfs();
    system.write('/etc/corosync/corosync.conf', conf.replace('system', 'totem'));
    expect(checkSharedMemory(system.lookAround())[0]?.text).toMatch(/takes 240 KiB$/);
    system.write('/etc/corosync/corosync.conf', conf);
    expect(checkSharedMemory(system.lookAround())[0]?.text).toMatch(/takes 4 KiB$/);
  });

  it('is somewhere else', () => {
    const [missing] = checkSharedMemory(system.lookAround({ sharedMemoryDirectory: '/mnt' }));
    expect(missing).toMatchObject({ level: 'problem', text: '/mnt is not there' });
  });

  describe('left by servers that are gone', () => {
    const leftovers = (user = { uid: 0, gid: 0 }): (string | undefined)[] =>
      checkSharedMemory(system.lookAround({}, user))
        .filter(({ text }) => text.includes('leftovers'))
        .flatMap(({ text, remedy }) => [text, remedy]);

    beforeEach(() => {
      system.addProcess(7);
      for (const pid of [7, 12]) {
        system.mkdir(`/dev/shm/qb-${pid}-30-5-abCD09`);
        system.mkdir(`/dev/shm/qb-${pid}-31-6-abCD09`);
        system.write(`/dev/shm/qb-corosync-${pid}-blackbox-data`, '');
      }
      system.write('/dev/shm/qb-12', '');
      system.write('/dev/shm/other', '');
    });

    it('is told, with what to remove', () => {
      expect(leftovers()).toEqual([
        '/dev/shm: 3 leftovers of servers that are gone',
        'unless a container uses this directory, too: rm -r /dev/shm/qb-12-* /dev/shm/qb-corosync-12-*',
      ]);
    });

    it('is cut short', () => {
      for (let pid = 100; pid < 120; pid++) system.mkdir(`/dev/shm/qb-${pid}-30-5-abCD09`);
      expect(leftovers()[0]).toContain(': 23 leftovers');
      expect(leftovers()[1]).toMatch(/qb-104-\* \.\.\.$/);
    });

    it('is not told where pids may be those of another namespace', () => {
      expect(leftovers(GUEST)).toEqual([]);
      system.addProcess(8, { namespaces: { pid: 'pid:[2]', net: 'net:[2]' } });
      expect(leftovers()).toEqual([]);
      fs.rmSync(system.path('/proc/7'), { recursive: true });
      fs.rmSync(system.path('/proc/8'), { recursive: true });
      expect(leftovers()[0]).toContain(': 6 leftovers');
      system.moveTo({ pid: 'pid:[2]' });
      expect(leftovers()).toEqual([]);
    });
  });
});

describe('versions', () => {
  const STATUS = `Package: corosync
Status: install ok installed
Version: 3.1.7-1+deb12u2
Description: cluster engine
 Version: of the text

Package: libqb0
Status: deinstall ok config-files
Version: 1.0

Package: libqb100
Status: install ok installed
Version: 2.0.6-2

Package: libqb-dev
Status: install ok installed
Version: 2.0.6-2
`;

  it('are those of the packages', () => {
    system.write('/var/lib/dpkg/status', STATUS);
    expect(checkVersions(system.lookAround())).toEqual({
      level: 'ok',
      text: 'corosync 3.1.7-1+deb12u2, libqb100 2.0.6-2',
    });
  });

  it('are those of the system that corosync runs in', () => {
    system.write('/var/lib/dpkg/status', STATUS);
    system.addProcess(7, { container: true });
    expect(checkVersions(system.lookAround())).toMatchObject({ level: 'note' });
    system.write('/proc/7/root/var/lib/dpkg/status', STATUS.replaceAll('3.1.7', '3.1.9'));
    expect(checkVersions(system.lookAround()).text).toMatch(/^corosync 3\.1\.9/);
  });

  it('are unknown', () => {
    expect(checkVersions(system.lookAround())).toMatchObject({ level: 'note' });
    system.write('/var/lib/dpkg/status', STATUS.replace('ok installed', 'ok half-installed'));
    expect(checkVersions(system.lookAround())).toMatchObject({ level: 'note' });
  });
});
