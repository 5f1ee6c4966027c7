import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CmapTracker } from '../../src/index.ts';
import { errorOf } from '../helpers/integration/integration-outcome.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';

/** What corosync holds for us is given back, also when the caller has stopped waiting for it. */
describeOnCorosync('giving back', (suite) => {
  async function dispatched(): Promise<number> {
    const connections = await suite.corosync.ipcStats(process.pid);
    return connections.reduce((sum, { counters }) => sum + (counters.dispatched ?? 0), 0);
  }

  describe.each(['a deadline', 'a signal'] as const)('a tracker whose delete is given up by %s', (how) => {
    it('is deleted all the same', async () => {
      const client = await suite.connect();
      const tracker = await client.track('test.release.', { prefix: true });
      suite.corosync.pause();
      const stalled = client.setUint32('test.release.key', 1);
      await turn();
      const given = how === 'a deadline' ? { timeoutMs: 50 } : { signal: AbortSignal.timeout(50) };
      await expect(tracker.close(given)).rejects.toThrow();
      suite.corosync.resume();
      await stalled;
      await client.get('totem.version');
      const before = await dispatched();
      await client.setUint32('test.release.key', 2);
      await client.delete('test.release.key');
      expect(await dispatched()).toBe(before);
    });
  });

  it('a tracker that came too late keeps a deadly set out until corosync has deleted it', async () => {
    const client = await suite.connect();
    const abort = new AbortController();
    suite.corosync.pause();
    const tracking = client.track('quorum.', { prefix: true, signal: abort.signal });
    await turn();
    abort.abort(new Error('changed my mind'));
    await expect(tracking).rejects.toThrow('changed my mind');
    const set = (): Promise<void> => client.setUint8('quorum.cancel_wait_for_all', 1);
    expect(await errorOf(set())).toMatchObject({ code: 'CS_ERR_BUSY' });
    suite.corosync.resume();
    await client.get('totem.version');
    await client.get('totem.version');
    await set();
    expect(await client.getUint8('quorum.cancel_wait_for_all')).toBe(0);
  });

  it('a deadly set that waits for its turn keeps trackers out, on other connections too', async () => {
    const [writer, other] = [await suite.connect(), await suite.connect()];
    const before = Array.from({ length: 2000 }, () => writer.get('totem.version'));
    const set = writer.setUint8('quorum.cancel_wait_for_all', 1);
    const track = (): Promise<CmapTracker> => other.track('quorum.', { prefix: true });
    expect(await errorOf(track())).toMatchObject({ code: 'CS_ERR_BUSY', operation: 'cmap_track_add' });
    await Promise.all([...before, set]);
    await (await track()).close();
    expect(await writer.getUint32('totem.version')).toBe(2);
  });

  it('does not keep close waiting', async () => {
    const client = await suite.connect();
    const tracker = await client.track('test.release.', { prefix: true });
    suite.corosync.pause();
    const stalled = errorOf(client.get('totem.version', { timeoutMs: 100 }));
    await turn();
    const deleted = tracker.close();
    await client.close();
    expect(await stalled).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    await deleted;
    suite.corosync.resume();
  });
});
