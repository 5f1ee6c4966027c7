import { describe, expect, it } from 'vitest';
import { decodePartialDelivery } from '../../src/codec/cpg/partial-deliver.ts';
import { Assembly } from '../../src/cpg/assembly.ts';
import { readerAmongDirt } from '../helpers/memory/memory-stage.ts';
import { resCpgPartialDeliver } from '../helpers/wire/cpg-messages.ts';

const [FIRST, CONTINUED, LAST] = [1, 2, 3];
const SENDER = { nodeId: 2, pid: 7 };
const LIMITS = { maxMessageBytes: 100, maxAssemblyBytes: 150 };

/** Adds a fragment of text; returns the message as text, if it is complete. */
function add(
  assembly: Assembly,
  part: number,
  text: string,
  messageLength: number,
  { nodeId, pid } = SENDER,
): string | undefined {
  const bytes = Buffer.from(text).toString('hex');
  const event = resCpgPartialDeliver({ group: '61', nodeId, pid, messageLength, part, bytes });
  const reader = readerAmongDirt(event.toBytes());
  const message = assembly.add(decodePartialDelivery(reader), reader);
  return message && Buffer.from(message).toString();
}

describe('the assembly of fragments', () => {
  it('puts a message together', () => {
    const assembly = new Assembly('chat', LIMITS);
    expect(add(assembly, FIRST, 'abc', 7)).toBeUndefined();
    expect(add(assembly, CONTINUED, 'def', 7)).toBeUndefined();
    expect(add(assembly, LAST, 'g', 7)).toBe('abcdefg');
    expect(add(assembly, LAST, 'g', 7)).toBeUndefined();
  });

  it('keeps senders apart', () => {
    const assembly = new Assembly('chat', LIMITS);
    const others = [
      { nodeId: 2, pid: 8 },
      { nodeId: 3, pid: 7 },
    ];
    for (const [index, sender] of [SENDER, ...others].entries()) add(assembly, FIRST, `${index}-`, 4, sender);
    for (const [index, sender] of [SENDER, ...others].entries())
      expect(add(assembly, LAST, `-${index}`, 4, sender)).toBe(`${index}--${index}`);
  });

  it('begins again at a first fragment', () => {
    const assembly = new Assembly('chat', LIMITS);
    add(assembly, FIRST, 'lost', 8);
    add(assembly, FIRST, 'ab', 4);
    expect(add(assembly, LAST, 'cd', 4)).toBe('abcd');
  });

  it('ignores what was begun before it was there', () => {
    const assembly = new Assembly('chat', LIMITS);
    expect(add(assembly, CONTINUED, 'ab', 4)).toBeUndefined();
    expect(add(assembly, LAST, 'cd', 4)).toBeUndefined();
  });

  it.each([
    ['an end that comes early', [FIRST, 'ab', 5], [LAST, 'cd', 5]],
    ['more than was stated', [FIRST, 'ab', 3], [LAST, 'cd', 3]],
    ['a first fragment longer than the message', [FIRST, 'abcd', 3], [LAST, '', 3]],
    ['another length in the middle', [FIRST, 'ab', 4], [LAST, 'cd', 5]],
    ['a fragment that is missing', [FIRST, 'ab', 6], [LAST, 'ef', 6]],
  ] satisfies [string, ...[number, string, number][]][])(
    'drops a message with %s, and goes on with the next one',
    (_what, ...fragments) => {
      const assembly = new Assembly('chat', LIMITS);
      for (const [part, text, length] of fragments) expect(add(assembly, part, text, length)).toBeUndefined();
      add(assembly, FIRST, 'ab', 100);
      expect(add(assembly, LAST, 'x'.repeat(98), 100)).toBe(`ab${'x'.repeat(98)}`);
    },
  );

  it('takes a fragment of a kind that corosync does not define for one in the middle', () => {
    const assembly = new Assembly('chat', LIMITS);
    add(assembly, FIRST, 'a', 3);
    add(assembly, 77, 'b', 3);
    expect(add(assembly, LAST, 'c', 3)).toBe('abc');
  });

  it('drops what a sender had begun who has left, and no other', () => {
    const assembly = new Assembly('chat', LIMITS);
    const other = { nodeId: 3, pid: 7 };
    add(assembly, FIRST, 'ab', 4);
    add(assembly, FIRST, 'AB', 4, other);
    assembly.left([SENDER]);
    expect(add(assembly, LAST, 'cd', 4)).toBeUndefined();
    expect(add(assembly, LAST, 'CD', 4, other)).toBe('ABCD');
  });

  it('refuses a message, and messages together, beyond the limits', () => {
    const tooBig: unknown = expect.objectContaining({
      name: 'ConnectionError',
      code: 'CS_ERR_TOO_BIG',
      key: 'chat',
    });
    const assembly = new Assembly('chat', LIMITS);
    expect(() => add(assembly, FIRST, 'a', 101)).toThrow(tooBig);
    expect(() => add(assembly, FIRST, 'a', 0xffff_ffff)).toThrow(tooBig);
    add(assembly, FIRST, 'a', 100);
    add(assembly, FIRST, 'a', 50, { nodeId: 3, pid: 7 });
    expect(() => add(assembly, FIRST, 'a', 1, { nodeId: 4, pid: 7 })).toThrow(tooBig);
    assembly.left([SENDER]);
    expect(() => add(assembly, FIRST, 'a', 100, { nodeId: 4, pid: 7 })).not.toThrow();
  });
});
