import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { makeSocketDirectory } from '../../src/testing/server/socket-directory.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'long-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

describe('a fake corosync where the directory for temporary files has a long name', () => {
  it.each([60, 90, 110, 200])('of %i more bytes starts, is found, and leaves nothing', async (length) => {
    const long = join(directory, 'x'.repeat(length));
    fs.mkdirSync(long);
    vi.stubEnv('TMPDIR', long);
    const fake = await FakeCorosync.start({ entries: { 'a.key': { type: 'uint8', value: 1 } } });
    const { socketDirectory = '' } = fake.connectOptions;
    const client = await CmapClient.connect(fake.connectOptions);
    expect(await client.getUint8('a.key')).toBe(1);
    await client.close();
    await fake.stop();
    expect(fs.existsSync(socketDirectory)).toBe(false);
    expect(fs.readdirSync(long)).toEqual([]);
  });

  it('or that is not there starts elsewhere', async () => {
    vi.stubEnv('TMPDIR', join(directory, 'nowhere'));
    await using fake = await FakeCorosync.start();
    expect(fake.connectOptions.socketDirectory).not.toContain('nowhere');
  });

  it('and nothing else can be made says what is wrong with each place', () => {
    vi.stubEnv('TMPDIR', join(directory, 'x'.repeat(120)));
    vi.spyOn(fs, 'mkdtempSync').mockImplementation((prefix) => {
      throw new Error(`EROFS: read-only file system, mkdtemp ${prefix}`);
    });
    expect(() => makeSocketDirectory()).toThrow(/TMPDIR.*bytes; 107 are possible.*EROFS.*\/tmp\//);
  });
});
