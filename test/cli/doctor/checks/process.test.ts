import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkProcess } from '../../../../src/cli/doctor/checks/process.ts';
import type { Credentials } from '../../../../src/cli/doctor/system/user-namespace.ts';
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

  it('tells the real ids from the effective ones', () => {
    const remarks = (real: Credentials, effective: Credentials): (string | undefined)[] =>
      checkProcess(system.lookAround({}, { real, effective, groups: [] }), runtime).map(({ id }) => id);
    expect(remarks(GUEST, GUEST)).toEqual([undefined, undefined]);
    expect(remarks(GUEST, { uid: 0, gid: 0 })).toEqual([undefined, undefined, 'real-user-differs']);
    const levelOf = (real: Credentials, effective: Credentials): string | undefined =>
      checkProcess(system.lookAround({}, { real, effective, groups: [] }), runtime).at(-1)?.level;
    // Root may open what is somebody else's.
    expect(levelOf(GUEST, { uid: 0, gid: 0 })).toBe('note');
    system.write('/proc/self/status', 'State:\tR (running)\nCapEff:\t0000000000000000\n');
    expect(levelOf(GUEST, { uid: 0, gid: 0 })).toBe('problem');
    expect(levelOf({ uid: 0, gid: 0 }, GUEST)).toBe('problem');
    expect(remarks(GUEST, { ...GUEST, gid: 0 })).toEqual([undefined, undefined, 'real-group-differs']);
  });

  it('says whom a corosync in a user namespace sees', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    for (const map of ['uid_map', 'gid_map']) system.write(`/proc/7/${map}`, '0 1000 65536\n');
    const [, known] = checkProcess(system.lookAround({}, GUEST), runtime);
    expect(known).toMatchObject({ level: 'note', id: 'user-namespace' });
    expect(known?.text).toContain('where this is uid 1, gid 2');
    const [, root] = checkProcess(system.lookAround(), runtime);
    expect(root).toMatchObject({ level: 'problem', id: 'user-not-mapped' });
    expect(root?.remedy).toContain('setpriv --reuid=1000 --regid=1000 --clear-groups COMMAND');
  });

  it('wants Linux', () => {
    const [where] = checkProcess(system.lookAround(), { ...runtime, platform: 'darwin' });
    expect(where).toMatchObject({ level: 'problem', id: 'not-linux' });
  });
});
