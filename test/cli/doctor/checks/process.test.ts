import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkProcess } from '../../../../src/cli/doctor/checks/process.ts';
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
