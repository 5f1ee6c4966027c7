import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkVersions } from '../../../../src/cli/doctor/checks/versions.ts';
import { FakeSystem, forceFilesystemSockets } from '../fake-system.ts';

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

  it('are unknown', () => {
    expect(checkVersions(system.lookAround())).toMatchObject({ level: 'note' });
    system.write('/var/lib/dpkg/status', STATUS.replace('ok installed', 'ok half-installed'));
    expect(checkVersions(system.lookAround())).toMatchObject({ level: 'note' });
  });
});
