import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Moment } from '../../src/ipc/moment.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'moment-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

const make = (name: string): fs.BigIntStats => {
  fs.writeFileSync(join(directory, name), '');
  return statOf(name);
};
const statOf = (name: string): fs.BigIntStats => fs.statSync(join(directory, name), { bigint: true });
/** Longer than the kernel's clock for files stands still. */
const aTick = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 30));
const codeOf = (check: () => void): unknown => {
  try {
    check();
    return 'CS_OK';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('a moment', () => {
  it('precedes what is made afterwards, at once as later, though the clock of files is behind', async () => {
    for (let i = 0; i < 200; i++) {
      const moment = Moment.now(directory);
      expect(moment.precedes(make(`${i}`))).toBe(true);
    }
    const moment = Moment.now(directory);
    await aTick();
    expect(codeOf(() => moment.checkPrecedes('late', make('late')))).toBe('CS_OK');
  });

  it('leaves nothing behind', () => {
    const before = fs.readdirSync('/proc/self/fd').length;
    Moment.now(directory);
    expect(fs.readdirSync(directory)).toEqual([]);
    expect(fs.readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  it('does not precede what was there before', async () => {
    const early = make('early');
    await aTick();
    const moment = Moment.now(directory);
    expect(moment.precedes(early)).toBe(false);
    expect(codeOf(() => moment.checkPrecedes('early', early))).toBe('CS_ERR_SECURITY');
  });

  it('compares each time with its like, however coarsely a runtime tells it', async () => {
    const coarse = (stat: fs.BigIntStats): fs.BigIntStats =>
      Object.assign(stat, { ctimeNs: stat.ctimeNs - (stat.ctimeNs % 1_000_000_000n) });
    const early = coarse(make('early'));
    await aTick();
    const real = fs.fstatSync.bind(fs);
    const coarsely: unknown = (fd: number) => coarse(real(fd, { bigint: true }));
    vi.spyOn(fs, 'fstatSync').mockImplementation(coarsely as typeof fs.fstatSync);
    const moment = Moment.now(directory);
    expect(moment.precedes(coarse(make('late')))).toBe(true);
    expect(moment.precedes(early)).toBe(false);
  });

  it.each(['birthtimeNs', 'mtimeNs', 'ctimeNs'] as const)('looks at each of the times: %s', async (name) => {
    const early = make('early');
    await aTick();
    const moment = Moment.now(directory);
    const stat = make('late');
    stat[name] = early[name];
    expect(moment.precedes(stat)).toBe(false);
  });

  it('does without the time of birth where the kernel does not know it', () => {
    const moment = Moment.now(directory);
    const stat = make('file');
    stat.birthtimeNs = 0n;
    expect(moment.precedes(stat)).toBe(true);
  });

  it('says that it does not know if the clock was set back meanwhile', async () => {
    const early = make('early');
    await aTick();
    const moment = Moment.now(directory);
    const now = performance.now();
    // More time has passed than the clock of files says.
    vi.spyOn(performance, 'now').mockReturnValue(now + 1000);
    expect(codeOf(() => moment.checkPrecedes('early', early))).toBe('CS_ERR_TRY_AGAIN');
  });

  it('is a little earlier where no file can be made', async () => {
    vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw new Error('read-only');
    });
    const early = make('early');
    const moment = Moment.now(directory);
    expect(moment.precedes(make('late'))).toBe(true);
    expect(moment.precedes(early)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(Moment.now(directory).precedes(early)).toBe(false);
  });
});
