import { describe, expect, test } from 'vitest';
import { parseWhole } from '../../../../src/cli/drop-in/libc/strtoll.ts';

describe('parseWhole', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['+7', 7],
    [' \t\n\v\f\r7', 7],
    ['007', 7],
    ['4294967295', 4294967295],
  ])('takes %j', (text, value) => {
    expect(parseWhole(text, 0, 4294967295)).toBe(value);
  });

  test.each(['', ' ', '-1', '7 ', '7x', '0x7', '1e3', '4294967296', '9'.repeat(400), '+-7', '\u00a07'])(
    'refuses %j',
    (text) => {
      expect(parseWhole(text, 0, 4294967295)).toBeUndefined();
    },
  );
});
