import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CmapClient } from '../../../src/index.ts';
import { FakeCluster } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { OngoingProgram, run, type Run } from './program-on-cluster.ts';

/** A program whose time of day is a minute later: a file that has just been written has rested. */
const LATER = { NODE_OPTIONS: '--import=data:text/javascript,const{now}=Date;Date.now=()=>now()+60000' };
const SOON = { timeoutMs: 25_000 };

let fake: FakeCluster;
let directory: string;
let file: string;

beforeEach(async () => {
  fake = await FakeCluster.start({ nodes: ['a', 'b', 'c'], links: 2 });
  directory = mkdtempSync(join(tmpdir(), 'config-file-'));
  file = join(directory, 'corosync.conf');
  writeFileSync(file, 'totem {\n  cluster_name: private\n  token: 7000\n}\n');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
});

afterEach(async () => {
  vi.useRealTimers();
  await fake.stop();
  rmSync(directory, { recursive: true });
});

const on = (...words: string[]): Promise<Run> => run(fake, words);

describe('--config-file', () => {
  it('is what status and check compare with', async () => {
    const { code, stdout } = await on('status', '--config-file', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^corosync\.conf is not what corosync runs with: see \d+ differences below\.\n/);
    expect(stdout).toMatch(/\n {10}totem\.token is 7000 in the file and \w+( \w+)? at run time\n/);
    const json = JSON.parse((await on('status', '--json', '--config-file', file)).stdout) as unknown;
    expect(json).toMatchObject({
      config: {
        drift: expect.arrayContaining([
          expect.objectContaining({ key: 'totem.token', file: '7000' }),
        ]) as unknown,
      },
    });
    expect(await on('check', '--config-file', file)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('totem.token is 7000 in the file and 1000 at run time, ') as string,
    });
    expect(await on('status')).toMatchObject({
      stdout: expect.not.stringContaining('in the file') as string,
    });
    expect((await on('check')).code).toBe(0);
  });

  it('is what events and status --watch compare with', async () => {
    await using events = new OngoingProgram(
      fake,
      `events --json --type snapshot,config.drift --config-file '${file}'`,
      LATER,
    );
    await using watch = new OngoingProgram(fake, `status --watch --config-file '${file}'`, LATER);
    await waitUntil('there is a snapshot', () => events.stdout.includes('snapshot'), SOON);
    await waitUntil('it is shown', () => watch.stdout.includes('totem.token is 7000 in the file'), SOON);
    await using cmap = await CmapClient.connect(fake.connectOptions);
    await cmap.setUint32('totem.token', 6000);
    await waitUntil('it is told', () => events.objects.length > 1, SOON);
    expect(events.objects[1]).toMatchObject({
      type: 'config.drift',
      message: expect.stringContaining('totem.token is 7000 in the file and 6000 at run time') as string,
      drift: expect.arrayContaining([{ key: 'totem.token', file: '7000', running: '6000' }]) as unknown,
    });
  });

  it.each([['corosync.conf'], [''], ['./x']])('%j is no path', async (path) => {
    for (const [command, code] of [
      ['status', 2],
      ['status --watch', 2],
      ['events', 2],
      ['check', 3],
    ] as const) {
      const outcome = await on(...command.split(' '), '--config-file', path);
      expect(outcome).toMatchObject({ code, stdout: '' });
      expect(outcome.stderr).toContain(
        `--config-file is ${JSON.stringify(path)}; it must be an absolute path`,
      );
    }
  });

  it('is not for commands that do not compare', async () => {
    const { code, stderr } = await on('wait', 'quorate', '--config-file', file);
    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option '--config-file'");
  });
});

describe('a file that cannot be compared', () => {
  const missing = (): void => rmSync(file);
  const isDirectory = (): void => {
    rmSync(file);
    mkdirSync(file);
  };
  const isBroken = (): void => writeFileSync(file, 'totem {\n  token 7000\n}\n');
  const isLarge = (): void => writeFileSync(file, '#'.repeat(300_000));

  it.each([
    [missing, 'it cannot be read: ENOENT'],
    [isDirectory, 'corosync.conf is no file'],
    [isLarge, 'corosync.conf is too large'],
  ])('is said to be so, and hides nothing else', async (become, why) => {
    become();
    const words = 'othing is compared with corosync.conf: ';
    const shown = await on('status', '--config-file', file);
    expect(shown.code).toBe(0);
    const text = shown.stdout.replaceAll('\n', '').replaceAll(/ +/g, ' ');
    expect(text).toMatch(/^Nothing is compared with corosync\.conf: .*\.Quorate, 1 node can be lost\./);
    expect(text.replaceAll(' ', '')).toContain(why.replaceAll(' ', ''));
    const json = await on('status', '--json', '--config-file', file);
    expect(json.stderr).toContain(words);
    expect(JSON.parse(json.stdout)).toMatchObject({ format: 1 });
    const checked = await on('check', '--config-file', file);
    expect(checked.code).toBe(3);
    expect(checked.stdout).toMatch(
      /^COROSYNC UNKNOWN - nothing is compared with corosync\.conf: .*; quorate, 1 node/,
    );
    expect(checked.stdout).toContain(why);
    expect((await on('check', 'quorum', '--config-file', file)).code).toBe(0);
    fake.partition(['b', 'c']);
    expect((await on('check', '--config-file', file)).stdout).toMatch(/^COROSYNC CRITICAL - NOT quorate: /);
  });

  it('for it has a mistake is warned of', async () => {
    isBroken();
    const what = 'corosync.conf has a mistake in line 2 (';
    const checked = await on('check', '--config-file', file);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(
      /^COROSYNC WARNING - corosync\.conf has a mistake in line 2 \(.+\): corosync can neither/,
    );
    const shown = await on('status', '--config-file', file);
    expect(shown.code).toBe(0);
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(what);
    expect(shown.stdout).toMatch(/\nconfig {4}not reloaded, the file has a MISTAKE\n/);
    const json = JSON.parse((await on('status', '--json', '--config-file', file)).stdout) as unknown;
    expect(json).toMatchObject({ config: { mistake: { line: 2, reason: expect.any(String) as string } } });
  });

  it('for it has a mistake that has just been made is not waited for', async () => {
    isBroken();
    vi.useRealTimers();
    const checked = await on('check', '--config-file', file);
    expect(checked.code).toBe(3);
    expect(checked.stdout).toContain('corosync.conf has a mistake in line 2: ');
  });

  it('is told of by events and status --watch, which go on', async () => {
    missing();
    await using events = new OngoingProgram(fake, `events --json --config-file '${file}'`);
    await using watch = new OngoingProgram(fake, `status --watch --config-file '${file}'`);
    await waitUntil('there is a snapshot', () => events.stdout.includes('snapshot'), SOON);
    await waitUntil(
      'it is shown',
      () => watch.stdout.includes('Nothing is compared with corosync.conf: '),
      SOON,
    );
    const { code, stderr } = await events.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^corosync-client: nothing is compared with corosync\.conf: it cannot be read: ENOENT[^\n]*\n$/,
    );
  });
});
