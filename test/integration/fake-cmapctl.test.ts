import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { describeIntegration } from '../helpers/requirements.ts';

const run = promisify(execFile);

describeIntegration('corosync-cmapctl, the C tool, with a fake corosync', () => {
  it('over shared memory: its answers are right, and seen when it looks again after two seconds', async () => {
    await using fake = await FakeCorosync.start({
      abstractSocket: true,
      entries: { 'totem.cluster_name': { type: 'string', value: 'fake' } },
    });
    const { stdout } = await run('corosync-cmapctl', ['-g', 'totem.cluster_name']);
    expect(stdout).toBe('totem.cluster_name (str) = fake\n');
    expect(fake.counters).toMatchObject({ connections: 1, droppedResponses: 0 });
    expect(fake.violations).toEqual([]);
  });

  it('a socket that is taken is a system error', async () => {
    await using first = await FakeCorosync.start({ abstractSocket: true });
    expect(first.connectOptions).toEqual({});
    await expect(FakeCorosync.start({ abstractSocket: true })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
