import { describe, expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { CsError } from '../../src/index.ts';

describe('explain', () => {
  test.each<[unknown, string]>([
    [
      new CsError('CS_ERR_NOT_EXIST', { operation: 'cmap_get', key: 'a.b', detail: 'there is no such key' }),
      'cannot get a.b: CS_ERR_NOT_EXIST (12): there is no such key',
    ],
    [
      new CsError('CS_ERR_ACCESS', { operation: 'connect', errno: 'EACCES', detail: 'see uidgid: (docs)' }),
      'cannot connect: CS_ERR_ACCESS (11, EACCES): see uidgid: (docs)',
    ],
    [new CsError('CS_ERR_BUSY', { operation: 'other' }), 'other: CS_ERR_BUSY (10)'],
    [new Error('two\n  lines'), 'two lines'],
    ['text', 'text'],
  ])('%o', (error, text) => {
    expect(explain(error)).toBe(text);
  });
});
