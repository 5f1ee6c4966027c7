import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CMAP_TRACK, CMAP_TYPES, CmapPeer, cmapLoad } from '../helpers/corosync/c-peer.ts';
import { Health } from '../helpers/integration/integration-health.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;
const CS_ERR_LIBRARY = 2;
const CS_ERR_ACCESS = 11;
const CS_ERR_NOT_EXIST = 12;
const TRACK_ALL = CMAP_TRACK.add | CMAP_TRACK.modify | CMAP_TRACK.delete;
const NOBODY = 65534;
/** By how much the clock that corosync stamps its misses with is behind at most: libqb reads the coarse one, of a kernel's tick. */
const COARSE_CLOCK_MS = 10;

/** Whether corosync has noticed since then that it did not run. A busy machine may add misses of its own at any time. */
async function hasMissed(corosync: PrivateCorosync, since: number): Promise<boolean> {
  return [...(await corosync.statistics('stats.schedmiss.'))].some(
    ([key, value]) => key.endsWith('.timestamp') && Number(value) >= since - COARSE_CLOCK_MS,
  );
}

describeIntegration('the harness: a private corosync and a libcmap peer', () => {
  let corosync: PrivateCorosync;
  const peers: CmapPeer[] = [];

  async function connectedPeer(): Promise<CmapPeer> {
    const peer = await CmapPeer.connected();
    peers.push(peer);
    return peer;
  }

  beforeEach(async () => {
    corosync = await PrivateCorosync.start();
  });

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.stop()));
    await corosync.stop();
  });

  it('gets, sets, deletes and counts through libcmap', async () => {
    const peer = await connectedPeer();
    expect(await peer.get('totem.cluster_name')).toEqual({
      code: CS_OK,
      length: 8,
      type: CMAP_TYPES.string,
      value: Buffer.from('private\0'),
    });
    expect(await peer.get('no.such.key')).toMatchObject({ code: CS_ERR_NOT_EXIST });
    expect(await peer.setUint32('test.number', 41)).toBe(CS_OK);
    expect(await peer.inc('test.number')).toBe(CS_OK);
    expect((await peer.get('test.number')).value.readUInt32LE()).toBe(42);
    expect(await peer.get('test.number', -1)).toMatchObject({
      code: CS_OK,
      length: 4,
      type: CMAP_TYPES.uint32,
    });
    expect(await peer.iter('test.')).toEqual({
      code: CS_OK,
      keys: [{ key: 'test.number', length: 4, type: CMAP_TYPES.uint32 }],
    });
    expect(await peer.delete('test.number')).toBe(CS_OK);
    expect(await peer.finalize()).toBe(CS_OK);
  });

  it('tells of notifications as they come', async () => {
    const watcher = await connectedPeer();
    const { code, handle } = await watcher.trackAdd('test.', TRACK_ALL | CMAP_TRACK.prefix);
    expect(code).toBe(CS_OK);
    const writer = await connectedPeer();
    await writer.setString('test.word', 'one');
    await writer.setString('test.word', 'two');
    await writer.delete('test.word');
    const notifications = await watcher.notified(3);
    expect(notifications.map(({ event }) => event)).toEqual([
      CMAP_TRACK.add,
      CMAP_TRACK.modify,
      CMAP_TRACK.delete,
    ]);
    expect(notifications[1]).toMatchObject({
      handle,
      key: 'test.word',
      newValue: Buffer.from('two\0'),
      oldValue: Buffer.from('one\0'),
    });
    expect(await watcher.trackDelete(handle)).toBe(CS_OK);
  });

  it('makes a flood of notifications', async () => {
    const watcher = await connectedPeer();
    await watcher.trackAdd('test.flood', TRACK_ALL);
    expect(await cmapLoad('test.flood', 2000)).toBeGreaterThan(0);
    const notifications = await watcher.notified(2000);
    expect(notifications.map(({ newValue }) => newValue.readUInt32LE())).toEqual(
      Array.from({ length: 2000 }, (_, index) => index + 1),
    );
  });

  it('counts what corosync thinks of a connection', async () => {
    const peer = await connectedPeer();
    await peer.get('totem.version');
    const [stats] = await corosync.ipcStats(peer.pid);
    expect(stats?.procname).toBe('cmap-peer');
    expect(stats?.counters).toMatchObject({ invalid_request: 0, overload: 0, send_retries: 0 });
    expect(await corosync.ipcStats(1)).toEqual([]);
  });

  it('sees the rings of a connection, and that they are gone after it', async () => {
    expect(corosync.sharedMemoryLeftovers()).toEqual([]);
    const peer = await connectedPeer();
    const [directory = ''] = corosync.sharedMemoryLeftovers();
    expect(directory).toMatch(new RegExp(`^qb-${corosync.pid}-${peer.pid}-\\d+-\\w{6}$`));
    expect(readdirSync(`/dev/shm/${directory}`)).toContain('qb-request-cmap-header');
    await peer.finalize();
    await waitUntil('no rings are left', () => corosync.sharedMemoryLeftovers().length === 0);
    expect(corosync.logLines('warning')).toEqual([]);
  });

  it('finds complaints in the log, since the mark', async () => {
    const stranger = CmapPeer.start({ uid: NOBODY, gid: NOBODY });
    peers.push(stranger);
    expect(await stranger.connect()).toMatchObject({ code: CS_ERR_ACCESS });
    await waitUntil('corosync logs it', () => corosync.logLines('error').length === 2);
    expect(corosync.logLines('warning').join()).toContain('Denied connection attempt from 65534:65534');
    corosync.markLog();
    expect(corosync.logLines('debug')).toEqual([]);
  });

  it('pauses and resumes', async () => {
    const peer = await connectedPeer();
    corosync.pause();
    let answered = false;
    const answer = peer.get('totem.version').finally(() => (answered = true));
    await expect(waitUntil('never', () => answered, { timeoutMs: 300 })).rejects.toThrow('in vain');
    corosync.resume();
    expect((await answer).code).toBe(CS_OK);
  });

  it('finds a corosync that did not run, unless it was paused', async () => {
    const health = new Health(corosync);
    corosync.pause();
    await sleep(3500);
    const resumed = Date.now();
    corosync.resume();
    await waitUntil('corosync notices', () => hasMissed(corosync, resumed));
    await health.check();
    // corosync counts from its last look at the clock, each 0.8 s: one that it took during the pause would be excused.
    await sleep(1000);
    process.kill(corosync.pid, 'SIGSTOP'); // as good as a client that blocks it
    await sleep(3500);
    const continued = Date.now();
    process.kill(corosync.pid, 'SIGCONT');
    await waitUntil('corosync notices', () => hasMissed(corosync, continued));
    await expect(health.check()).rejects.toThrow('scheduling misses');
  });

  it('shows a killed corosync to the peer', async () => {
    const peer = await connectedPeer();
    corosync.kill('SIGKILL');
    await corosync.exited();
    expect(corosync.exitCode).toBe(137);
    await waitUntil('the peer notices', () => peer.lost !== undefined);
    expect(peer.lost).toBe(CS_ERR_LIBRARY);
    expect(await peer.get('totem.version')).toMatchObject({ code: CS_ERR_LIBRARY });
  });

  it('refuses a second corosync in the same namespace', async () => {
    await expect(PrivateCorosync.start()).rejects.toThrow('another corosync is running');
  });

  it('removes its files and can be started again', async () => {
    const peer = await connectedPeer();
    corosync.kill('SIGKILL');
    await corosync.exited();
    await peer.finalize();
    expect(corosync.sharedMemoryLeftovers()).toHaveLength(1); // libqb's client forgets the directory
    await corosync.stop();
    expect(corosync.running).toBe(false);
    expect(existsSync(corosync.directory)).toBe(false);
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith('qb-'))).toEqual([]);
    const again = await PrivateCorosync.start();
    await again.stop();
    await again.stop();
  });

  it('says why corosync did not start', async () => {
    await corosync.stop();
    const start = PrivateCorosync.start({ config: { totem: 'token: nonsense' } });
    await expect(start).rejects.toThrow(/did not start; it said:[^]*token/);
  });

  it('takes extra configuration, another transport and other users', async () => {
    await corosync.stop();
    corosync = await PrivateCorosync.start({
      config: { totem: 'token: 3000', resources: 'system {\n  }' },
      ipcType: 'socket',
      uidgid: { uid: NOBODY },
    });
    const guest = await CmapPeer.connected(0, { uid: NOBODY, gid: NOBODY });
    peers.push(guest);
    expect((await guest.get('runtime.config.totem.token')).value.readUInt32LE()).toBe(3000);
  });
});
