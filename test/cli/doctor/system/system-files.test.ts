import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemFiles } from '../../../../src/cli/doctor/system/system-files.ts';
import { openDescriptors } from '../../../helpers/open-descriptors.ts';
import { FakeSystem } from '../fake-system.ts';

let system: FakeSystem;

beforeEach(() => {
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
});

describe('SystemFiles', () => {
  it('reads files of /proc, which have no size', () => {
    expect(new SystemFiles().text('/proc/self/status')).toContain(`\nPid:\t${process.pid}\n`);
  });

  it('reads files of more than one chunk', () => {
    const text = 'é\n'.repeat(100_000);
    system.write('/etc/long', text);
    expect(system.files.text('/etc/long')).toBe(text);
  });

  it('does not read what is no plain file, nor wait for it', () => {
    execFileSync('mkfifo', [system.path('/etc/fifo')]);
    expect(system.files.text('/etc/fifo')).toBeUndefined();
    expect(system.files.text('/etc')).toBeUndefined();
    expect(system.files.text('/etc/none')).toBeUndefined();
  });

  it('does not even open what is no plain file: a watchdog would end the machine', () => {
    execFileSync('mkfifo', [system.path('/etc/fifo')]);
    const opened = vi.spyOn(fs, 'openSync');
    expect(system.files.text('/etc/fifo')).toBeUndefined();
    const flags = opened.mock.calls.map(([, given]) => given);
    opened.mockRestore();
    expect(flags).toEqual([0o10000000]); // O_PATH
  });

  it('leaves no descriptor open', () => {
    const before = openDescriptors().length;
    for (const path of ['/etc/passwd', '/etc', '/etc/none']) system.files.text(path);
    expect(openDescriptors().length).toBe(before);
  });

  it('knows files by what they are, not by their paths', () => {
    fs.symlinkSync('passwd', system.path('/etc/link'));
    expect(system.files.same('/etc/passwd', '/etc/link')).toBe(true);
    expect(system.files.same('/etc/passwd', '/etc/group')).toBe(false);
    expect(system.files.same('/etc/passwd', '/etc/none')).toBeUndefined();
    expect(system.files.link('/etc/link')).toBe('passwd');
  });

  it('is undefined for all that is missing', () => {
    const { files } = system;
    expect([files.link('/no'), files.names('/no'), files.stat('/no'), files.statfs('/no')]).toEqual(
      Array(4).fill(undefined),
    );
    expect(files.writable('/no')).toBe(false);
    expect(files.writable('/etc/passwd')).toBe(true);
  });
});
