import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCorosync } from '../../../../src/cli/doctor/checks/corosync.ts';
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
