import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemErrorText } from '../../../../src/cli/drop-in/tool-failure.ts';
import { strerror } from '../../../../src/cli/drop-in/libc/strerror.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strerror-'));
  writeFileSync(join(directory, 'file'), '');
  mkdirSync(join(directory, 'directory'));
  symlinkSync('loop', join(directory, 'loop'));
  writeFileSync(join(directory, 'secret'), '');
  chmodSync(join(directory, 'secret'), 0);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** What opening fails with. */
function failure(name: string, flags: string): unknown {
  try {
    openSync(name === '' ? '' : join(directory, name), flags);
  } catch (error) {
    return error;
  }
  throw new Error(`${name} can be opened`);
}

describe('strerror', () => {
  it.each([
    ['none', 'r', 'No such file or directory'],
    ['', 'r', 'No such file or directory'],
    ['file/below', 'r', 'Not a directory'],
    ['loop', 'r', 'Too many levels of symbolic links'],
    ['n'.repeat(256), 'r', 'File name too long'],
    ['directory', 'r+', 'Is a directory'],
  ])('says for %s what the C library says', (name, flags, text) => {
    expect(systemErrorText(failure(name, flags))).toBe(text);
  });

  it.skipIf(process.getuid?.() === 0)('says that permission is denied', () => {
    expect(systemErrorText(failure('secret', 'r'))).toBe('Permission denied');
  });

  it('knows no other errors', () => {
    expect(strerror(Object.assign(new Error('other'), { code: 'EOTHER' }))).toBe(undefined);
    expect(systemErrorText(new Error('other'))).toBe('other');
  });
});
