import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCorosyncLimits } from '../../../../src/cli/doctor/checks/corosync-limits.ts';
import { checkLimits } from '../../../../src/cli/doctor/checks/limits.ts';
import { FakeSystem, abstract, forceFilesystemSockets } from '../fake-system.ts';

const MEBIBYTE = 2 ** 20;
let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
  system.listen('self', abstract('cmap'));
  system.addProcess(7);
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

function limit(pid: string, openFiles: string, fileSize: string): void {
  const row = (name: string, soft: string, unit: string): string =>
    `${name.padEnd(25)} ${soft.padEnd(20)} unlimited            ${unit}`;
  const head = 'Limit                     Soft Limit           Hard Limit           Units';
  const rows = [row('Max file size', fileSize, 'bytes'), row('Max open files', openFiles, 'files')];
  system.write(`/proc/${pid}/limits`, [head, ...rows, ''].join('\n'));
}

function open(pid: string, count: number): void {
  for (let fd = 0; fd < count; fd++) system.write(`/proc/${pid}/fd/${fd}`, '');
}

describe("corosync's address space", () => {
  function limitAddressSpace(bytes: string): void {
    system.removeProcess(7);
    system.write(
      '/proc/7/limits',
      `Max address space         ${bytes}            unlimited            bytes\n`,
    );
    system.addProcess(7, { addressSpace: 100 * 1024 });
  }
  const found = (bufferSize: number): unknown[] =>
    checkCorosyncLimits(system.lookAround({ bufferSize })).filter(({ text }) => text.includes('may map'));

  it('has room, or is not limited', () => {
    limitAddressSpace('unlimited');
    expect(found(MEBIBYTE)).toEqual([]);
    limitAddressSpace(String(109 * MEBIBYTE));
    expect(found(MEBIBYTE)).toMatchObject([{ level: 'ok' }]);
  });

  it('has none, or enough for a smaller connection', () => {
    limitAddressSpace(String(102 * MEBIBYTE));
    expect(found(MEBIBYTE)).toMatchObject([
      {
        level: 'problem',
        id: 'corosync-address-space',
        remedy: expect.stringContaining('--buffer-size 65536') as string,
      },
    ]);
    limitAddressSpace(String(99 * MEBIBYTE));
    expect(found(MEBIBYTE)).toMatchObject([
      {
        text: expect.stringContaining('may map 0 KiB more') as string,
        remedy: expect.stringMatching(/^raise its limit/) as string,
      },
    ]);
  });
});

describe('our limits', () => {
  it('are fine, or not known', () => {
    expect(checkLimits(system.lookAround())).toMatchObject([{ level: 'ok' }]);
    limit('self', '1024', 'unlimited');
    expect(checkLimits(system.lookAround())).toMatchObject([{ level: 'ok' }]);
  });

  it('are too narrow for a connection', () => {
    limit('self', '30', '69631');
    open('self', 23);
    expect(checkLimits(system.lookAround())).toMatchObject([
      { id: 'open-files', text: 'this process has 23 of 30 file descriptors open; a connection takes 8' },
      {
        id: 'file-size',
        text: expect.stringContaining('up to 68 KiB; a connection has one of 68 KiB') as string,
      },
    ]);
    limit('self', '31', '69632');
    expect(checkLimits(system.lookAround())).toMatchObject([{ level: 'ok' }]);
  });

  it('name the unit that sets them', () => {
    limit('self', '8', 'unlimited');
    open('self', 5);
    system.write('/proc/self/cgroup', '0::/system.slice/agent.service/inner\n');
    expect(checkLimits(system.lookAround())[0]?.remedy).toMatch(/, or LimitNOFILE= of agent\.service$/);
  });
});

describe("corosync's limits", () => {
  it('are nothing to say of, if there is no corosync', () => {
    system = new FakeSystem();
    expect(checkCorosyncLimits(system.lookAround())).toEqual([]);
  });

  it('are wide enough', () => {
    limit('7', '1024', 'unlimited');
    open('7', 30);
    expect(checkCorosyncLimits(system.lookAround())).toEqual([
      { level: 'ok', text: 'corosync (pid 7) has 30 of 1024 file descriptors open' },
    ]);
  });

  it('would make it spin, or end it', () => {
    limit('7', '32', '70000');
    open('7', 25);
    expect(checkCorosyncLimits(system.lookAround({ bufferSize: MEBIBYTE }))).toMatchObject([
      { level: 'problem', id: 'corosync-open-files' },
      {
        level: 'problem',
        id: 'corosync-file-size',
        remedy: expect.stringMatching(/^ask for a smaller connection: --buffer-size 65536/) as string,
      },
    ]);
    limit('7', '33', '60000');
    expect(checkCorosyncLimits(system.lookAround())).toMatchObject([
      { level: 'ok' },
      {
        id: 'corosync-file-size',
        remedy: expect.stringMatching(/^raise its limit, as root: prlimit --pid 7/) as string,
      },
    ]);
  });

  it('of files do not matter over datagrams', () => {
    system.write('/etc/corosync/corosync.conf', 'system {\n  qb_ipc_type: socket\n}\n');
    limit('7', '1024', '8192');
    expect(checkCorosyncLimits(system.lookAround({ bufferSize: MEBIBYTE }))).toHaveLength(1);
  });

  const memory = (used: number, of: number, statistics = ''): unknown => {
    system.addMount('40 30 0:40 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw');
    system.write('/proc/7/cgroup', '0::/a/b\n');
    system.write('/sys/fs/cgroup/a/b/memory.max', 'max\n');
    system.write('/sys/fs/cgroup/a/b/memory.current', '1\n');
    system.write('/sys/fs/cgroup/a/memory.max', `${of}\n`);
    system.write('/sys/fs/cgroup/a/memory.current', `${used}\n`);
    system.write('/sys/fs/cgroup/a/memory.stat', statistics);
    return checkCorosyncLimits(system.lookAround({ bufferSize: MEBIBYTE })).at(-1);
  };

  it('of memory, in a group around its own, would be its end', () => {
    expect(memory(10 * MEBIBYTE, 16 * MEBIBYTE)).toMatchObject({
      level: 'ok',
      text: expect.stringContaining(
        'may use 6.0 MiB more of the 16.0 MiB of its control group /sys/fs/cgroup/a',
      ) as string,
    });
    expect(memory(12 * MEBIBYTE, 16 * MEBIBYTE)).toMatchObject({
      id: 'corosync-memory',
      remedy: expect.stringMatching(
        /^ask for a smaller connection: .*,\nraise its limit: .*: echo 33554432 > \/sys\/fs\/cgroup\/a\/memory\.max$/,
      ) as string,
    });
    expect(memory(17 * MEBIBYTE, 16 * MEBIBYTE)).toMatchObject({
      remedy: expect.stringMatching(/^raise/) as string,
    });
  });

  it('of memory do not count what the kernel can drop', () => {
    const cache = `inactive_file ${4 * MEBIBYTE}\nactive_file ${MEBIBYTE}\n`;
    expect(memory(12 * MEBIBYTE, 16 * MEBIBYTE, cache)).toMatchObject({ level: 'ok' });
  });

  it('of memory by the older control groups', () => {
    system.addMount('40 30 0:40 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory');
    system.write('/proc/7/cgroup', '5:cpu:/\n4:memory:/c\n0::/elsewhere\n');
    system.write('/sys/fs/cgroup/memory/c/memory.limit_in_bytes', `${4 * MEBIBYTE}\n`);
    system.write('/sys/fs/cgroup/memory/c/memory.usage_in_bytes', `${2 * MEBIBYTE}\n`);
    system.write('/sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n');
    system.write('/sys/fs/cgroup/memory/memory.usage_in_bytes', '1\n');
    expect(checkCorosyncLimits(system.lookAround({ bufferSize: MEBIBYTE })).at(-1)).toMatchObject({
      id: 'corosync-memory',
    });
  });

  it('of memory are not seen from another container', () => {
    system.addMount('40 30 0:40 /docker/us /sys/fs/cgroup rw - cgroup2 cgroup2 rw');
    system.write('/proc/7/cgroup', '0::/../them\n');
    expect(checkCorosyncLimits(system.lookAround())).toHaveLength(1);
  });
});
