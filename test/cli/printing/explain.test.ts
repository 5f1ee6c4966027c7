import { describe, expect, test } from 'vitest';
import { explain } from '../../../src/cli/printing/explain.ts';
import { CmapClient, CsError } from '../../../src/index.ts';

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

  test.each([
    ['see sharedMemoryDirectory', 'see --shm-directory'],
    ['ask for a smaller bufferSize.', 'ask for a smaller --buffer-size.'],
    ['with `prefix: true` it matches', 'with `--prefix` it matches'],
    ['timeoutMs is 0', '--timeout is 0'],
    ['or pass coverCrashingKeys: true if', 'or give --cover-crashing-keys if'],
    ['socketName "socketName" is not', '--socket-name "socketName" is not'],
    ['options.bufferSize is 5', '--buffer-size is 5'],
    ['options.backOff options.options.bufferSize', 'options.backOff options.options.bufferSize'],
    ['my.bufferSize bufferSize.x bufferSizes', 'my.bufferSize bufferSize.x bufferSizes'],
    ['/run/socketName /socketName/x', '/run/socketName /socketName/x'],
  ])('calls options by the names that they have here: %s', (detail, text) => {
    expect(explain(new CsError('CS_ERR_BUSY', { operation: 'other', detail }))).toBe(
      `other: CS_ERR_BUSY (10): ${text}`,
    );
  });

  test.each([
    [{ socketDirectory: 'x' }, '--socket-directory is "x"; it must be an absolute path'],
    [{ sharedMemoryDirectory: 'x' }, '--shm-directory is "x"; it must be an absolute path'],
    [{ socketName: 'a/b' }, '--socket-name is "a/b"; it must be a name of'],
    [{ socketName: 'cpg' }, '--socket-name is "cpg", the name of another service'],
    [{ bufferSize: 5 }, '--buffer-size is 5; it must be an integer from'],
    [{ timeoutMs: -1 }, '--timeout is -1; it must be a number of milliseconds'],
  ])('what the library says of %o', async (options, text) => {
    const error: unknown = await CmapClient.connect(options).catch((reason: unknown) => reason);
    expect(explain(error)).toContain(`: ${text}`);
  });
});
