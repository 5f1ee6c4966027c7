import { describe, expect, it, test } from 'vitest';
import { parseArguments } from '../../../src/cli/cfgtool/options.ts';

const parse = (line: string): unknown =>
  parseArguments(
    line.split(' ').filter((word) => word !== ''),
    false,
  );

describe('parseArguments', () => {
  test.each([
    ['', { action: { name: 'help' }, brief: false, force: false, yes: false }],
    ['-s -b words', { action: { name: 'links' }, brief: true }],
    ['-i x -r -h -n', { action: { name: 'nodes' } }],
    ['-k 7 -a 8', { action: { name: 'addresses', nodeId: 8 } }],
    ['-a 8 --kill=7 --yes', { action: { name: 'kill', nodeId: 7 }, yes: true }],
    ['-R', { action: { name: 'reload' } }],
    ['-L', { action: { name: 'reopen' } }],
    ['--shut --fo', { action: { name: 'shutdown' }, force: true }],
    ['-h', { action: { name: 'help' } }],
  ])('takes %j', (line, options) => {
    expect(parse(line)).toMatchObject({ kind: 'run', options });
  });

  it('ends at the first mistake', () => {
    expect(parse('-x -k 0')).toEqual({ kind: 'error', message: "cfgtool: invalid option -- 'x'" });
    expect(parse('-k 0 -x')).toEqual({
      kind: 'error',
      message: 'The nodeid was not valid, try a positive number',
    });
    expect(parse('--ye')).toMatchObject({ message: "cfgtool: unrecognized option '--ye'" });
  });
});
