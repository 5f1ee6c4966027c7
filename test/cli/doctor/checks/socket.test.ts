import fs from 'node:fs';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkSocket } from '../../../../src/cli/doctor/checks/socket.ts';
import { SystemFiles } from '../../../../src/cli/doctor/system/system-files.ts';
import { FakeSystem, GUEST, abstract, forceFilesystemSockets } from '../fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

/** Whoever runs the test. */
function socketsBelongTo(uid: number): void {
  const { files } = system;
  const stat = SystemFiles.prototype.stat.bind(files);
  vi.spyOn(files, 'stat').mockImplementation((path) => {
    const found = stat(path);
    return found?.isSocket() === true ? Object.assign(found, { uid }) : found;
  });
}

/** A socket file on which somebody listens, or did until `close`. */
async function withSocket(path: string, act: () => void): Promise<void> {
  fs.mkdirSync(system.path(path).replace(/\/\w+$/, ''), { recursive: true });
  socketsBelongTo(0);
  const server = net.createServer().listen(system.path(path));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    act();
  } finally {
    server.close();
  }
}

describe('socket', () => {
  it('is bound', () => {
    system.listen('self', abstract('cmap'));
    expect(checkSocket(system.lookAround())).toEqual({
      level: 'ok',
      text: '@cmap, an abstract name, is bound in this network namespace',
    });
  });

  it('is bound by another program, as root sees', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(9, { comm: 'other', uid: 33 });
    system.holdSocket(9, abstract('cmap'));
    expect(checkSocket(system.lookAround())).toMatchObject({ level: 'problem', id: 'socket-foreign' });
    expect(checkSocket(system.lookAround()).text).toContain('by pid 9 (other, uid 33)');
    system.addProcess(7);
    system.holdSocket(7, abstract('cmap'));
    expect(checkSocket(system.lookAround())).toMatchObject({ level: 'ok' });
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
    const mounts = ['30 1 8:2 / / rw - ext4 /dev/sdb1 rw'];
    system.addProcess(7, { namespaces: 'hidden', sockets: ['/run/cmap'], mounts });
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

  it('is a file of another user, as everybody sees, but not where nobody may be anybody', async () => {
    const directory = { socketDirectory: '/run' };
    await withSocket('/run/cmap', () => {
      socketsBelongTo(33);
      const seen = checkSocket(system.lookAround(directory, GUEST));
      expect(seen).toMatchObject({ level: 'problem', id: 'socket-foreign' });
      expect(seen.text).toContain('belongs to uid 33, and corosync runs as root, unless');
      socketsBelongTo(65_534);
      system.write('/proc/self/uid_map', '0 100000 1000\n');
      expect(checkSocket(system.lookAround(directory, GUEST)).id).not.toBe('socket-foreign');
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
