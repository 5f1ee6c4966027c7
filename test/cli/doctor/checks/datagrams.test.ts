import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkDatagrams } from '../../../../src/cli/doctor/checks/datagrams.ts';
import { FakeSystem, forceFilesystemSockets } from '../fake-system.ts';

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

describe('datagrams', () => {
  it('are told of where corosync is set to them', () => {
    system.write('/proc/sys/net/unix/max_dgram_qlen', '2\n');
    expect(checkDatagrams(system.lookAround())).toEqual([]);
    system.write(CONF, 'system {\n  qb_ipc_type: socket\n}\n');
    expect(checkDatagrams(system.lookAround())).toMatchObject([{ level: 'note', id: 'datagram-queue' }]);
    system.write('/proc/sys/net/unix/max_dgram_qlen', '10\n');
    expect(checkDatagrams(system.lookAround())).toMatchObject([{ level: 'ok' }]);
  });
});
