import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkDatagramPackage } from '../../../../src/cli/doctor/connection/datagram-package.ts';
import { ConnectionError } from '../../../../src/index.ts';
import { FakeSystem, forceFilesystemSockets } from '../fake-system.ts';
import { systemError } from '../../../helpers/system-error.ts';

let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

const unsupported = (cause: unknown): ConnectionError =>
  new ConnectionError('CS_ERR_NOT_SUPPORTED', { operation: 'connect', cause });
const MISSING = systemError('ERR_MODULE_NOT_FOUND');

describe('the package for datagram sockets', () => {
  it('is missing', () => {
    const [found] = checkDatagramPackage(unsupported(MISSING), system.lookAround());
    expect(found).toMatchObject({ level: 'problem', id: 'datagram-package' });
    expect(found?.text).toMatch(/: node-unix-socket is not installed/);
    expect(found?.remedy).not.toContain('unix-dgram');
  });

  it('may be another one for socket files', () => {
    const both = unsupported(new AggregateError([MISSING, MISSING]));
    const [found] = checkDatagramPackage(both, system.lookAround({ socketDirectory: '/run' }));
    expect(found?.text).toMatch(/: node-unix-socket or unix-dgram is not installed/);
    expect(found?.remedy).toContain('npm install unix-dgram');
  });

  it('is there, and not for this system', () => {
    const wrapped = new Error('no binding', { cause: systemError('ERR_DLOPEN_FAILED') });
    const [found] = checkDatagramPackage(unsupported(wrapped), system.lookAround());
    expect(found?.text).toContain('is installed and cannot be loaded here');
  });

  it('is not what other failures are about', () => {
    for (const error of [
      unsupported(undefined),
      unsupported(new Error('another copy')),
      new ConnectionError('CS_ERR_ACCESS', { operation: 'connect', cause: MISSING }),
      MISSING,
    ]) {
      expect(checkDatagramPackage(error, system.lookAround())).toEqual([]);
    }
  });
});
