import { execFileSync } from 'node:child_process';

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigFile, configFileFor } from '../../../src/cluster/drift/config-file.ts';
import { MapReader } from '../../../src/cluster/map-reader.ts';
import { listed, mapOf } from '../reports.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'corosync-client-'));
  path = join(directory, 'corosync.conf');
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const conf = (token: number, name = 'shop'): string =>
  `totem {\n  token: ${token}\n  cluster_name: ${name}\n}\nnodelist {\n  node {\n    nodeid: 1\n    name: node1\n` +
  '    ring0_addr: 10.0.0.1\n    ring1_addr: 10.1.0.1\n  }\n}\n';
const running = (token = 3000): MapReader =>
  new MapReader(mapOf({ 'totem.token': token, 'totem.cluster_name': 'shop', ...listed(0, 1) }));

function fileAt(calmAfterMs = 0): ConfigFile {
  return new ConfigFile({ path, assumed: false, calmAfterMs });
}

/** The time of day stands before the file's: so it rests from when it is seen first. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
}

/** What is found at first. */
async function found(): Promise<unknown> {
  const file = fileAt();
  await file.look();
  return file.drift(running(), 1);
}

describe('the file corosync.conf', () => {
  it('is compared, and again when it has changed', async () => {
    writeFileSync(path, conf(3000));
    const file = fileAt();
    expect(await file.look()).toBe(true);
    expect(file.drift(running(), 1)).toEqual([]);
    expect(await file.look()).toBe(false);
    writeFileSync(path, conf(5000));
    expect(await file.look()).toBe(true);
    expect(file.drift(running(), 1)).toEqual([{ key: 'totem.token', file: '5000', running: '3000' }]);
    rmSync(path);
    expect(await file.look()).toBe(true);
    expect(file.drift(running(), 1)).toBeUndefined();
  });

  it('says when what is compared was in it for certain', async () => {
    stopClock();
    const [first, second, third] = [3000, 2000, 1000].map((ms) => Date.now() - ms);
    writeFileSync(path, conf(3000));
    const file = fileAt(100);
    const lookAt = async (time = 0): Promise<number> => {
      vi.setSystemTime(time);
      await file.look();
      return Number(file.asOf);
    };
    await lookAt(first);
    await sleep(150);
    expect(await lookAt(first)).toBe(first);
    expect(await lookAt(second)).toBe(second);
    writeFileSync(path, conf(5000));
    expect(await lookAt(third)).toBe(second);
    await sleep(150);
    expect(await lookAt(third)).toBe(third);
  });

  it('tells nothing where it cannot be read, has a mistake or is no file', async () => {
    expect(await found()).toBeUndefined();
    writeFileSync(path, `${conf(5000)}}\n`);
    expect(await found()).toBeUndefined();
    writeFileSync(path, conf(5000) + '# '.padEnd(400, 'x').concat('\n').repeat(700));
    expect(await found()).toBeUndefined();
    rmSync(path);
    mkdirSync(path);
    expect(await found()).toBeUndefined();
  });

  it('says what its mistake is, if it is of this cluster', async () => {
    const mistake = async (text: string, assumed = true): Promise<unknown> => {
      writeFileSync(path, text);
      const file = new ConfigFile({ path, assumed, calmAfterMs: 0 });
      expect(await file.look()).toBe(true);
      expect(file.drift(running(), 1)).toBeUndefined();
      return file.mistake(running(), 1);
    };
    expect(await mistake(`${conf(5000)}}\n`)).toEqual({ line: 13, reason: expect.any(String) as string });
    expect(await mistake(conf(5000).slice(0, -2))).toEqual({
      line: 11,
      reason: 'the closing } of nodelist is missing',
    });
    expect(await mistake(`${conf(5000, 'other')}}\n`)).toBeUndefined();
    // The name of the cluster stands behind the mistake.
    expect(await mistake(`}\n${conf(5000)}`)).toMatchObject({ line: 1 });
    expect(await mistake(conf(5000).replace('token: 5000', 'token 5000'))).toMatchObject({ line: 2 });
    expect(await mistake(`}\n${conf(5000, 'other')}`)).toBeUndefined();
    // Nothing says of which cluster it is.
    expect(await mistake(`}\n${conf(5000, 'other')}meta {\n  cluster_name: shop\n}\n`)).toBeUndefined();
    expect(await mistake(`}\n${conf(5000, 'other')}# old\rcluster_name: shop\n`)).toBeUndefined();
    expect(await mistake(conf(5000).replace('cluster_name:', 'cluster_name'))).toBeUndefined();
    expect(await mistake(`}\n${conf(5000).replace('cluster_name', '# cluster_name')}`)).toBeUndefined();
    expect(await mistake(`}\n${conf(5000)}`, false)).toMatchObject({ line: 1 });
    const blanks = ' '.repeat(200_000);
    expect(await mistake(`}\n${conf(5000, `shop${' '.repeat(9)}`)}`)).toMatchObject({ line: 1 });
    expect(await mistake(`}\n${conf(5000, `shop${blanks}x`)}`)).toBeUndefined();
  });

  it('tells of no mistake while what has been written rests', async () => {
    stopClock();
    writeFileSync(path, `${conf(5000)}}\n`);
    const file = fileAt(100);
    await file.look();
    await sleep(150);
    await file.look();
    expect(file.mistake(running(), 1)).toBeDefined();
    writeFileSync(path, conf(5000));
    await file.look();
    expect(file.mistake(running(), 1)).toBeUndefined();
  });

  it('has no mistake any more when it is mended', async () => {
    writeFileSync(path, `${conf(5000)}}\n`);
    const file = fileAt();
    await file.look();
    expect(file.mistake(running(), 1)).toBeDefined();
    writeFileSync(path, conf(5000));
    expect(await file.look()).toBe(true);
    expect(file.mistake(running(), 1)).toBeUndefined();
    expect(file.drift(running(), 1)).toHaveLength(1);
  });

  it('is not waited for where it is a pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [path]);
    expect(await found()).toBeUndefined();
  });

  it('is looked at again where it could not be read, and only then', async () => {
    writeFileSync(path, conf(5000));
    const file = fileAt();
    vi.spyOn(fs, 'open').mockRejectedValueOnce(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
    expect(await file.look()).toBe(false);
    expect(file.isKnown).toBe(false);
    expect(await file.look()).toBe(true);
    expect(file.drift(running(), 1)).toHaveLength(1);
  });

  it('that is read late is new until it has been compared', async () => {
    writeFileSync(path, conf(5000));
    const file = fileAt();
    const looking = file.look();
    const until = performance.now() + 1100;
    while (performance.now() < until); // so the time for it is over before it is read
    await looking;
    await vi.waitFor(async () => expect(await file.look()).toBe(true));
    expect(file.drift(running(), 1)).toHaveLength(1);
    expect(await file.look()).toBe(false);
  });

  it('on a server that hangs is waited for once', async () => {
    writeFileSync(path, conf(5000));
    const file = fileAt();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let answer = (): void => undefined;
    const hangs = new Promise<never>((_resolve, reject) => (answer = () => reject(new Error('EIO'))));
    vi.spyOn(fs, 'stat').mockReturnValueOnce(hangs);
    const first = file.look();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await first).toBe(false);
    expect(await file.look()).toBe(false); // at once: no timer goes on
    answer();
    await hangs.catch(() => undefined);
    vi.useRealTimers();
    await vi.waitFor(async () => expect(await file.look()).toBe(true));
  });

  it('has to have rested', async () => {
    stopClock();
    writeFileSync(path, conf(5000));
    const file = fileAt(100);
    expect(await file.look()).toBe(false);
    expect(file.drift(running(), 1)).toBeUndefined();
    await sleep(120);
    expect(await file.look()).toBe(true);
    expect(file.drift(running(), 1)).toHaveLength(1);
  });

  it('that was reloaded at once is not compared by what it was before', async () => {
    stopClock();
    writeFileSync(path, conf(3000));
    const file = fileAt(100);
    await file.look();
    await sleep(120);
    await file.look();
    expect(file.drift(running(), 1)).toEqual([]);
    writeFileSync(path, conf(5000));
    await file.look();
    expect(file.drift(running(), 1)).toEqual([]);
    expect(file.drift(running(5000), 1)).toBeUndefined();
    await sleep(120);
    await file.look();
    expect(file.drift(running(5000), 1)).toEqual([]);
  });
});

describe('a file that nobody has named', () => {
  it('counts if it describes the same cluster', async () => {
    const driftOf = async (text: string): Promise<unknown> => {
      writeFileSync(path, text);
      const file = new ConfigFile({ path, assumed: true, calmAfterMs: 0 });
      await file.look();
      return file.drift(running(), 1);
    };
    expect(await driftOf(conf(5000))).toHaveLength(1);
    expect(await driftOf(conf(5000, 'other'))).toBeUndefined();
    // This node is not in it any more: nothing could be worse.
    expect(await driftOf(conf(5000).replace('nodeid: 1', 'nodeid: 4'))).toHaveLength(3);
  });

  it('counts without a name only if this node is in it', async () => {
    const nameless = (text: string): string => text.replace(/ *cluster_name.*\n/, '');
    const map = new MapReader(mapOf({ 'totem.token': 3000, ...listed(0, 1) }));
    const driftOf = async (text: string): Promise<unknown> => {
      writeFileSync(path, nameless(text));
      const file = new ConfigFile({ path, assumed: true, calmAfterMs: 0 });
      await file.look();
      return file.drift(map, 1);
    };
    expect(await driftOf(conf(5000))).toHaveLength(1);
    expect(await driftOf(conf(5000).replace('nodeid: 1', 'nodeid: 4'))).toBeUndefined();
    expect(await driftOf('totem {\n  token: 5000\n}\n')).toBeUndefined();
  });

  it('is none where corosync is elsewhere', () => {
    expect(configFileFor(undefined, {})).toBeDefined();
    expect(configFileFor(undefined, { socketDirectory: '/x' })).toBeUndefined();
    expect(configFileFor(undefined, { sharedMemoryDirectory: '/x' })).toBeUndefined();
  });
});
