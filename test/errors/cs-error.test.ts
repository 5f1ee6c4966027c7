import { describe, expect, it } from 'vitest';
import { ConnectionError, CsError, csErrorFromCode, csErrorName } from '../../src/errors/index.ts';

describe('CsError', () => {
  it('carries code, number, operation, key, errno and cause', () => {
    const cause = new Error('below');
    const error = new CsError('CS_ERR_ACCESS', { operation: 'cmap_set', key: 'a.b', errno: 'EACCES', cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'CsError',
      code: 'CS_ERR_ACCESS',
      csError: 11,
      operation: 'cmap_set',
      key: 'a.b',
      errno: 'EACCES',
      cause,
    });
  });

  it.each([
    [{ operation: 'cmap_get' }, 'cmap_get: CS_ERR_NOT_EXIST (12)'],
    [{ operation: 'cmap_get', key: 'a.b' }, 'cmap_get "a.b": CS_ERR_NOT_EXIST (12)'],
    [{ operation: 'cmap_get', key: '' }, 'cmap_get "": CS_ERR_NOT_EXIST (12)'],
    [{ operation: 'cmap_get', key: 'a"\n' }, 'cmap_get "a\\"\\n": CS_ERR_NOT_EXIST (12)'],
    [{ operation: 'connect', errno: 'ENOENT' }, 'connect: CS_ERR_NOT_EXIST (12, ENOENT)'],
    [{ operation: 'cmap_get', detail: 'no such key' }, 'cmap_get: CS_ERR_NOT_EXIST (12): no such key'],
    [
      { operation: 'x', key: 'k', errno: 'ENOENT', detail: 'why' },
      'x "k": CS_ERR_NOT_EXIST (12, ENOENT): why',
    ],
  ])('tells all it knows in its message: %o', (context, message) => {
    expect(new CsError('CS_ERR_NOT_EXIST', context).message).toBe(message);
  });

  it('has a cause only if there is one', () => {
    expect(Object.hasOwn(new CsError('CS_ERR_BUSY', { operation: 'x' }), 'cause')).toBe(false);
  });

  it('names its class in the stack', () => {
    expect(String(new CsError('CS_ERR_BUSY', { operation: 'x' }))).toBe('CsError: x: CS_ERR_BUSY (10)');
    expect(String(new ConnectionError('CS_ERR_BUSY', { operation: 'x' }))).toMatch(/^ConnectionError: x: /);
  });
});

describe('ConnectionError', () => {
  it('is a CsError, and not the other way round', () => {
    expect(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' })).toBeInstanceOf(CsError);
    expect(new CsError('CS_ERR_LIBRARY', { operation: 'x' })).not.toBeInstanceOf(ConnectionError);
  });
});

describe('whether the request was sent', () => {
  it('is no for what is refused, unknown for what is lost, and what the error says of itself', () => {
    expect(new CsError('CS_ERR_BUSY', { operation: 'cmap_set' }).sent).toBe('no');
    expect(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' }).sent).toBe('no');
    expect(new ConnectionError('CS_ERR_LIBRARY', { operation: 'cmap_set' }).sent).toBe('unknown');
    for (const sent of ['no', 'yes', 'unknown'] as const) {
      for (const Kind of [CsError, ConnectionError])
        expect(new Kind('CS_ERR_LIBRARY', { operation: 'connect', sent }).sent).toBe(sent);
    }
  });
});

describe('csErrorFromCode', () => {
  it('makes the error that the number stands for', () => {
    for (let code = 2; code <= 100; code++) {
      const name = csErrorName(code);
      if (name !== undefined) expect(csErrorFromCode(code, { operation: 'x' })).toMatchObject({ code: name });
    }
  });

  // CS_OK is no error: whoever treats it as one has not understood the answer.
  it.each([0, 1, 29, -5, 2 ** 31 - 1])('makes CS_ERR_LIBRARY of %d, and says which number it was', (code) => {
    const error = csErrorFromCode(code, { operation: 'cmap_get', key: 'a.b', detail: 'lost' });
    expect(error).toMatchObject({ code: 'CS_ERR_LIBRARY', key: 'a.b' });
    expect(error.message).toContain(`unknown error ${code}`);
  });
});
