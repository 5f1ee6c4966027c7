import { describe, expect, it } from 'vitest';
import { QuitDetector } from '../../../src/cli/cmapctl/quit-detector.ts';

/** How many of the inputs it takes to quit; undefined if they do not. */
function quitsAfter(...inputs: string[]): number | undefined {
  const detector = new QuitDetector();
  const index = inputs.findIndex((input) => detector.feed(input));
  return index === -1 ? undefined : index + 1;
}

function quitsAtEnd(isPipe: boolean, ...inputs: string[]): boolean {
  const detector = new QuitDetector();
  for (const input of inputs) detector.feed(input);
  return detector.end(isPipe);
}

// test/integration/cmapctl.test.ts feeds the same to corosync-cmapctl -T.
describe('QuitDetector', () => {
  it('quits at a q at the start of a piece', () => {
    expect(quitsAfter('q\n')).toBe(1);
    expect(quitsAfter('quit\n')).toBe(1);
    expect(quitsAfter('x\n', 'q\n')).toBe(2);
    expect(quitsAfter('aq\n', 'b\n')).toBe(undefined);
  });

  it('looks at what it has read ahead only when more arrives', () => {
    expect(quitsAfter('hello\nq\n')).toBe(undefined);
    expect(quitsAfter('hello\nq\n', 'x\n')).toBe(2);
    expect(quitsAfter('abq\n', 'x')).toBe(2);
  });

  it('joins single bytes to pieces of two', () => {
    expect(quitsAfter('q')).toBe(undefined);
    expect(quitsAfter('q', '\n')).toBe(2);
    expect(quitsAfter('a', 'q', 'q\n')).toBe(3);
  });

  it('quits at the end of everything but a pipe', () => {
    expect(quitsAtEnd(false)).toBe(true);
    expect(quitsAtEnd(false, 'x')).toBe(true);
    expect(quitsAtEnd(true)).toBe(false);
    expect(quitsAtEnd(true, 'x')).toBe(false);
    expect(quitsAtEnd(true, 'abq')).toBe(false);
  });

  it('quits at the end of a pipe if that completes a q', () => {
    expect(quitsAtEnd(true, 'q')).toBe(true);
  });
});
