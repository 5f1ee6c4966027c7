import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeSocketPath, socketPath } from '../../src/ipc/socket-address.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function pretendToExist(...paths: string[]): void {
  vi.spyOn(fs, 'existsSync').mockImplementation((path) => paths.includes(String(path)));
}

describe('socketPath', () => {
  it('is an abstract name that fills all 108 bytes of sun_path', () => {
    pretendToExist();
    const path = socketPath('cmap', undefined);
    expect(path).toBe('\0cmap' + '\0'.repeat(103));
    expect(path).toHaveLength(108);
  });

  it('is in the directory that was given', () => {
    pretendToExist('/etc/libqb/force-filesystem-sockets', '/run/cmap');
    expect(socketPath('cmap', '/somewhere')).toBe('/somewhere/cmap');
  });

  it.each([
    [['/run/cmap', '/tmp/cmap'], '/run/cmap'],
    [['/var/run/cmap', '/tmp/cmap'], '/var/run/cmap'],
    [['/tmp/cmap'], '/tmp/cmap'],
    [[], '/run/cmap'],
  ])('with filesystem sockets forced, and %j there, is %s', (sockets, path) => {
    pretendToExist('/etc/libqb/force-filesystem-sockets', ...sockets);
    expect(socketPath('cmap', undefined)).toBe(path);
  });
});

describe('describeSocketPath', () => {
  it('shows abstract names with an @ and without NULs', () => {
    expect(describeSocketPath('\0cmap'.padEnd(108, '\0'))).toBe('@cmap');
    expect(describeSocketPath('/run/cmap')).toBe('/run/cmap');
  });
});
