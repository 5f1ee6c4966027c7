import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCapabilities } from '../../../../src/cli/doctor/checks/capabilities.ts';
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

describe('capabilities', () => {
  it('are not needed for its own user, or without a corosync', () => {
    expect(checkCapabilities(system.lookAround({}, GUEST))).toEqual([]);
    system.listen('self', abstract('cmap'));
    system.addProcess(7, { capabilities: '0000000000000000' });
    expect(checkCapabilities(system.lookAround())).toEqual([]);
  });

  it('are there, or not', () => {
    system.listen('self', abstract('cmap'));
    system.addProcess(7);
    expect(checkCapabilities(system.lookAround({}, GUEST))).toMatchObject([{ level: 'ok' }]);
    system.addProcess(7, { capabilities: '00000000fffffff6', namespaces: 'hidden' });
    expect(checkCapabilities(system.lookAround({}, GUEST))).toMatchObject([
      {
        id: 'corosync-capabilities',
        text: 'corosync (pid 7) lacks CAP_CHOWN, CAP_FOWNER: it cannot hand the files of a connection to uid 1001',
        remedy: expect.stringMatching(/docker run --cap-add=CHOWN --cap-add=FOWNER$/) as string,
      },
    ]);
  });
});
