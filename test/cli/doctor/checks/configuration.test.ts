import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkConfiguration } from '../../../../src/cli/doctor/checks/configuration.ts';
import { FakeSystem, abstract, forceFilesystemSockets } from '../fake-system.ts';

const CONF = '/etc/corosync/corosync.conf';
let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

describe('configuration', () => {
  it('is fine', () => {
    system.write(CONF, 'totem {\n  version: 2\n}\n');
    expect(checkConfiguration(system.lookAround())).toEqual([]);
  });

  it('is broken', () => {
    system.write(CONF, 'totem {\n  version: 2\n');
    expect(checkConfiguration(system.lookAround())).toMatchObject([
      {
        id: 'conf-broken',
        text: expect.stringContaining(`${CONF}:2: the closing } of totem is missing`) as string,
        remedy: expect.stringMatching(/corosync -t -c \/etc\/corosync\/corosync\.conf$/) as string,
      },
    ]);
  });

  it('is broken, and its name is no command', () => {
    system.addProcess(7, { commandLine: ['corosync', '-c', '/run/a;$(id)'] });
    system.write('/run/a;$(id)', '}');
    expect(checkConfiguration(system.lookAround())[0]?.remedy).toMatch(/corosync -t -c '\/run\/a;\$\(id\)'$/);
  });

  it('is missing; where somebody has the name, it lies elsewhere', () => {
    expect(checkConfiguration(system.lookAround())).toMatchObject([{ level: 'note', id: 'conf-missing' }]);
    system.listen('self', abstract('cmap'));
    expect(checkConfiguration(system.lookAround())).toEqual([]);
  });
});
