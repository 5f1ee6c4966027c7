import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeEnvironment } from '../../../src/cli/cmapctl/node-environment.ts';
import { FakeCorosync } from '../../../src/testing/index.ts';

describe('connecting', () => {
  let corosync: FakeCorosync;

  beforeEach(async () => {
    corosync = await FakeCorosync.start({ entries: { 'a.one': { type: 'uint8', value: 1 } } });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await corosync.stop();
  });

  it('takes the directories from the environment', async () => {
    const { socketDirectory, sharedMemoryDirectory } = corosync.connectOptions;
    vi.stubEnv('COROSYNC_CLIENT_SOCKET_DIRECTORY', socketDirectory);
    vi.stubEnv('COROSYNC_CLIENT_SHM_DIRECTORY', sharedMemoryDirectory);
    const client = await nodeEnvironment().connect('icmap');
    expect(await client.get('a.one')).toEqual({ type: 'uint8', value: 1 });
    await client.close();
  });

  it('refuses a directory that can be none', async () => {
    vi.stubEnv('COROSYNC_CLIENT_SHM_DIRECTORY', 'shm');
    await expect(nodeEnvironment().connect('icmap')).rejects.toThrow(
      'CS_ERR_INVALID_PARAM (7): options.sharedMemoryDirectory is "shm"; it must be an absolute path',
    );
  });
});
