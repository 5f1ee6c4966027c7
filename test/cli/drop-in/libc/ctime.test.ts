import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ctime } from '../../../../src/cli/drop-in/libc/ctime.ts';

describe('ctime', () => {
  it('writes what date(1) writes in that format', () => {
    for (const seconds of [0, 951_782_399, 1_000_000_000, 1_793_880_189, 4_102_444_800]) {
      const theirs = execFileSync('date', ['-d', `@${seconds}`, '+%a %b %e %H:%M:%S %Y'], {
        env: { ...process.env, LC_ALL: 'C' },
      });
      expect(ctime(new Date(seconds * 1000))).toBe(theirs.toString());
    }
  });
});
