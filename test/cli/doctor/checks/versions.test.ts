import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkVersions } from '../../../../src/cli/doctor/checks/versions.ts';
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

  it.each([
    ['1.0.3-1', 'problem'],
    ['1.0.4', 'problem'],
    ['1.0.5-1', 'ok'],
    ['2:1.0.1', 'problem'],
    ['2.0.6+really-2', 'ok'],
  ])('of a libqb %s are a %s', (version, level) => {
    system.write('/var/lib/dpkg/status', STATUS.replace('2.0.6-2', version));
    const id = level === 'ok' ? undefined : 'libqb-too-old';
    const { level: found, ...more } = checkVersions(system.lookAround());
    expect([found, more.id]).toEqual([level, id]);
  });

  it('are unknown where its files cannot be seen', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7, { namespaces: 'hidden', mounts: ['30 1 8:2 / / rw - ext4 /dev/sdb1 rw'] });
    const unknown = checkVersions(system.lookAround({}, GUEST));
    expect(unknown).toMatchObject({ level: 'note', id: 'versions-unknown' });
    expect(unknown.text).toContain('cannot be seen here');
  });

  it('are unknown', () => {
    const unknown = { level: 'note', id: 'versions-unknown' };
    expect(checkVersions(system.lookAround())).toMatchObject(unknown);
    system.write('/var/lib/dpkg/status', STATUS.replace('ok installed', 'ok half-installed'));
    expect(checkVersions(system.lookAround())).toMatchObject(unknown);
  });
});
