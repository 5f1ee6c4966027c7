import { describe, expect, it } from 'vitest';
import { findingLine, findingText } from '../../../src/cli/doctor/print.ts';

const finding = { check: 'socket', level: 'problem', text: 'not\x1b[2Jthere', remedy: 'one\n  two' } as const;

describe('findings', () => {
  it('are aligned, with the remedy below, and safe to show on a terminal', () => {
    expect(findingText({ ...finding, id: 'socket-missing' })).toContain('there [socket-missing]\n');
    expect(findingText(finding)).toBe(
      'problem  socket         not\\x1B[2Jthere\n' +
        '                        -> one\n' +
        '                             two\n',
    );
    expect(findingText({ check: 'shared memory', level: 'ok', text: 'fine' })).toBe(
      'ok       shared memory  fine\n',
    );
  });

  it('are JSON, each on a line', () => {
    expect(findingLine(finding)).toBe(
      '{"check":"socket","level":"problem","text":"not\\u001b[2Jthere","remedy":"one\\n  two"}\n',
    );
    expect(findingLine({ check: 'socket', level: 'ok', text: 'fine' })).toBe(
      '{"check":"socket","level":"ok","text":"fine"}\n',
    );
  });
});
