import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkConfinement } from '../../../../src/cli/doctor/checks/confinement.ts';
import { FakeSystem, abstract, forceFilesystemSockets } from '../fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

describe('confinement', () => {
  const text = (): string => checkConfinement(system.lookAround()).text;

  it('is none that can be seen', () => {
    expect(text()).toBe('this process: no security label, no seccomp filter');
  });

  it.each([
    ['docker-default (enforce)\n', 'docker-default (enforce)'],
    ['unconfined\n', 'no security label, no seccomp filter'],
    ['some (complain)\n', 'no security label, no seccomp filter'],
    ['system_u:system_r:httpd_t:s0\0', 'no security label, no seccomp filter'],
  ])('by a label: %j', (label, said) => {
    system.write('/proc/self/attr/current', label);
    expect(text()).toBe(`this process: ${said}`);
  });

  it('by SELinux that enforces, and by a filter, of either', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    system.write('/sys/fs/selinux/enforce', '1');
    system.write('/proc/self/attr/current', 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\0');
    system.write('/proc/7/attr/current', 'system_u:system_r:cluster_t:s0\0');
    const status = fs.readFileSync(system.path('/proc/self/status'), 'utf8');
    system.write('/proc/self/status', status.replace('Seccomp:\t0', 'Seccomp:\t2'));
    expect(text()).toBe('this process: a seccomp filter; corosync: system_u:system_r:cluster_t:s0');
  });
});
