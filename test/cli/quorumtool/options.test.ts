import { describe, expect, it, test } from 'vitest';
import { parseArguments, type QuorumtoolOptions } from '../../../src/cli/quorumtool/options.ts';

function options(line: string): Partial<QuorumtoolOptions> {
  const parsed = parseArguments(line.split(' '), false);
  if (parsed.kind !== 'run') throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

describe('parseArguments', () => {
  it('takes all options', () => {
    expect(options('-l -a -i -H -p -o n words')).toEqual({
      action: { name: 'nodes' },
      allAddresses: true,
      numeric: true,
      hexadecimal: true,
      parsable: true,
      order: 'name',
      nodeId: undefined,
      yes: false,
    });
    expect(options('--yes -n 7 -v 0')).toMatchObject({
      action: { name: 'set-votes', votes: 0 },
      nodeId: 7,
      yes: true,
    });
  });

  test.each([
    ['-s -e 3 -m', { name: 'monitor' }],
    ['-m -v 2 -e 3', { name: 'set-expected', votes: 3 }],
    ['-e 3 -f', { name: 'unregister-device' }],
  ])('%j: the last command counts', (line, action) => {
    expect(options(line).action).toEqual(action);
  });

  it('ends at -h, -V or the first mistake, whichever comes first', () => {
    const kind = (line: string): unknown => parseArguments(line.split(' '), false);
    expect(kind('-s -h -x')).toEqual({ kind: 'help' });
    expect(kind('-V -o z')).toEqual({ kind: 'version' });
    expect(kind('-x -h')).toEqual({
      kind: 'error',
      message: "quorumtool: invalid option -- 'x'",
      usage: true,
    });
    expect(kind('-o z -h')).toMatchObject({ kind: 'error', usage: false });
    expect(kind('--ye')).toMatchObject({ message: "quorumtool: invalid option -- '-'" });
  });
});
