import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { CmapPeer } from '../helpers/corosync/c-peer.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
/** A C client has no deadline of its own. */
const cmapctl = (...args: string[]): Promise<{ stdout: string }> =>
  run('corosync-cmapctl', args, { timeout: 20_000 });

describeIntegration('corosync-cmapctl, the C tool, with a fake corosync', () => {
  it('over shared memory: its answers are right, and seen when it looks again after two seconds', async () => {
    await using fake = await FakeCorosync.start({
      abstractSocket: true,
      entries: { 'totem.cluster_name': { type: 'string', value: 'fake' } },
    });
    const { stdout } = await cmapctl('-g', 'totem.cluster_name');
    expect(stdout).toBe('totem.cluster_name (str) = fake\n');
    expect(fake.counters).toMatchObject({ connections: 1, droppedResponses: 0 });
    expect(fake.violations).toEqual([]);
  });

  describe('over datagram sockets, at its own speed', () => {
    const start = (): Promise<FakeCorosync> =>
      FakeCorosync.start({
        abstractSocket: true,
        ipcType: 'socket',
        entries: { 'totem.cluster_name': { type: 'string', value: 'fake' } },
      });

    it('it gets, sets, changes, deletes and lists', async () => {
      await using fake = await start();
      expect((await cmapctl('-g', 'totem.cluster_name')).stdout).toBe('totem.cluster_name (str) = fake\n');
      await cmapctl('-s', 'test.u16', 'u16', '7');
      await cmapctl('-s', 'test.text', 'str', 't'.repeat(10_000));
      expect(fake.cmap.get('test.u16')).toEqual({ type: 'uint16', value: 7 });
      expect(fake.cmap.get('test.text')).toEqual({ type: 'string', value: 't'.repeat(10_000) });
      await cmapctl('-d', 'test.text');
      for (let i = 0; i < 300; i++) fake.cmap.set(`test.many.${i}`, { type: 'uint32', value: i });
      const { stdout } = await cmapctl();
      expect(stdout.split('\n').filter((line) => /^test\.many\.\d+ \(u32\) = \d+$/.test(line))).toHaveLength(
        300,
      );
      expect(stdout).toContain('test.u16 (u16) = 7\n');
      expect(stdout).not.toContain('test.text');
      expect((await cmapctl('-g', 'test.none').catch((error: unknown) => error)) as Error).toMatchObject({
        code: 1,
        stderr: "Can't get key test.none. Error CS_ERR_NOT_EXIST\n",
      });
      expect(
        (await cmapctl('-s', 'system.x', 'u8', '1').catch((error: unknown) => error)) as Error,
      ).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('CS_ERR_ACCESS') as unknown,
      });
      expect(fake.counters).toMatchObject({ droppedResponses: 0 });
    });

    it('it tracks', async () => {
      await using fake = await start();
      const tracking = spawn('stdbuf', ['-oL', 'corosync-cmapctl', '-T', 'test.']);
      let said = '';
      tracking.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
      await waitUntil('it tracks', () => fake.clients[0]?.trackers.length === 1);
      for (let i = 0; i < 50; i++) fake.cmap.set('test.key', { type: 'uint8', value: i });
      fake.cmap.delete('test.key');
      await waitUntil('it has been told', () => said.includes('delete> test.key'));
      const lines = Array.from({ length: 49 }, (_, i) => `modify> test.key (u8) = ${i + 1}`);
      expect(said.split('\n').filter((line) => line.startsWith('modify>'))).toEqual(lines);
      tracking.stdin.end('q\n');
      await once(tracking, 'close');
      await waitUntil('it is gone', () => fake.clients.length === 0);
    });

    it('the C library sees what it sees of a real corosync, its end, too', async () => {
      await using fake = await start();
      await using peer = await CmapPeer.connected();
      expect(await peer.setUint32('test.peer', 5)).toBe(1);
      expect(await peer.inc('test.peer')).toBe(1);
      expect(await peer.get('test.peer')).toMatchObject({ code: 1, length: 4, value: Buffer.of(6, 0, 0, 0) });
      expect(await peer.iter('test.')).toEqual({ code: 1, keys: [{ key: 'test.peer', length: 4, type: 6 }] });
      await peer.trackAdd('test.peer', 7);
      fake.cmap.set('test.peer', { type: 'string', value: 'six' });
      expect(await peer.notified(1)).toMatchObject([
        { event: 2, key: 'test.peer', newValue: Buffer.from('six\0') },
      ]);
      fake.setFlowControl(1);
      expect(await peer.get('test.peer')).toMatchObject({ code: 6 });
      fake.setFlowControl(0);
      fake.die();
      expect(await peer.get('test.peer')).toMatchObject({ code: 2 });
    });
  });

  it('a socket that is taken is a system error', async () => {
    await using first = await FakeCorosync.start({ abstractSocket: true });
    expect(first.connectOptions).toEqual({});
    await expect(FakeCorosync.start({ abstractSocket: true })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
