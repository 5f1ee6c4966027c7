import { PassThrough, Readable } from 'node:stream';
import { expect, it, test } from 'vitest';
import { linesOf } from '../../../src/cli/cpg/lines.ts';

const NEVER = new AbortController().signal;

async function lines(chunks: readonly string[], most = 100): Promise<string[]> {
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const found: string[] = [];
  for await (const line of linesOf(input, most, NEVER)) found.push(Buffer.from(line).toString());
  return found;
}

test.each([
  [[], []],
  [['one\ntwo\n'], ['one', 'two']],
  [
    ['o', 'ne\nt', 'wo'],
    ['one', 'two'],
  ],
  [['\n\nx\n'], ['', '', 'x']],
  [['one\r\n'], ['one\r']],
])('%j are the lines %j', async (chunks, expected) => {
  expect(await lines(chunks)).toEqual(expected);
});

it('a line without an end is not kept for ever: its beginning is too long to be sent', async () => {
  expect(await lines(['abc', 'def', 'g\nh'], 4)).toEqual(['abcdef', 'g', 'h']);
});

it('ends when it is told to, whoever may still write', async () => {
  const input = new PassThrough();
  const { signal, abort } = withAbort();
  input.write('one\ntwo');
  const found: string[] = [];
  for await (const line of linesOf(input, 100, signal)) {
    found.push(Buffer.from(line).toString());
    abort();
  }
  expect(found).toEqual(['one']);
  expect(input.destroyed).toBe(true);
});

it('an input that fails says so', async () => {
  const input = new PassThrough();
  input.destroy(new Error('no such thing'));
  await expect(linesOf(input, 100, NEVER).next()).rejects.toThrow('no such thing');
});

function withAbort(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
