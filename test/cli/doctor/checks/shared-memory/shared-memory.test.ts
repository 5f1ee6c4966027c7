import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkSharedMemory } from '../../../../../src/cli/doctor/checks/shared-memory/shared-memory.ts';
import { costOfRings } from '../../../../../src/cli/doctor/checks/shared-memory/cost.ts';
import { FakeSystem, GUEST, abstract, forceFilesystemSockets } from '../../fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
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
    system.mkdir('/mnt/shm');
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
    expect(checkSharedMemory(system.lookAround())).toMatchObject([
      { level: 'note', id: 'shm-no-tmpfs' },
      { level: 'ok' },
    ]);
  });

  it('is hardly needed for datagram sockets', () => {
    const conf = 'system {\n  qb_ipc_type: socket\n}\n';
    pretendTmpfs();
    system.write('/etc/corosync/corosync.conf', conf.replace('system', 'totem'));
    expect(checkSharedMemory(system.lookAround())[0]?.text).toMatch(/takes 240 KiB$/);
    system.write('/etc/corosync/corosync.conf', conf);
    expect(checkSharedMemory(system.lookAround())[0]?.text).toMatch(/takes 4 KiB$/);
  });

  describe('as it is mounted', () => {
    const ours = (line: string): (string | undefined)[] => {
      system.addMount(line);
      return checkSharedMemory(system.lookAround())
        .filter(({ level }) => level !== 'ok')
        .map(({ id, remedy = '' }) => `${id}: ${/mount -o \S+ \S+/.exec(remedy)?.[0]}`);
    };
    beforeEach(() => {
      pretendTmpfs();
      system.listen('self', abstract('cmap'));
    });

    it('may be read-only: the mount, or the file system', () => {
      expect(ours('50 30 0:25 / /dev/shm ro,nosuid - tmpfs tmpfs rw')).toEqual([
        'shm-read-only: mount -o remount,bind,rw /dev/shm;',
      ]);
      expect(ours('51 30 0:25 / /dev/shm rw - tmpfs tmpfs ro')).toEqual([
        'shm-read-only: mount -o remount,rw /dev/shm;',
      ]);
    });

    it('may have other owners', () => {
      expect(ours('50 30 0:25 / /dev/shm rw,idmapped - tmpfs tmpfs rw')[0]).toMatch(/^shm-mapped-owners/);
    });

    it('may be read-only for corosync: told once, if it is one mount', () => {
      const line = '50 30 0:25 / /dev/shm ro - tmpfs tmpfs rw';
      system.addProcess(7, { mounts: ['30 1 8:1 / / rw - ext4 /dev/sda1 rw', line] });
      expect(ours('49 30 0:25 / /dev/shm rw - tmpfs tmpfs rw')).toEqual([
        'corosync-shm-read-only: mount -o remount,bind,rw /dev/shm',
      ]);
      expect(ours(line)).toEqual(['shm-read-only: mount -o remount,bind,rw /dev/shm;']);
    });

    it('may be missing for corosync', () => {
      system.addProcess(7, { container: true });
      fs.rmSync(system.path('/proc/7/root/dev/shm'), { recursive: true });
      expect(ours('')[0]).toMatch(/^corosync-shm-missing/);
    });
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
