import { describe, expect, it } from 'vitest';
import { parseArguments, type CmapctlOptions } from '../../../src/cli/cmapctl/options.ts';

function options(line: string): CmapctlOptions {
  const parsed = parseArguments(line.split(' '), false);
  if (parsed.kind !== 'run') throw new Error(`unexpected: ${JSON.stringify(parsed)}`);
  return parsed.options;
}

function message(line: string): string {
  const parsed = parseArguments(line.split(' '), false);
  return parsed.kind === 'error' ? parsed.message : parsed.kind;
}

describe('parseArguments', () => {
  it('prints prefixes if nothing else is said', () => {
    expect(parseArguments([], false)).toEqual({
      kind: 'run',
      options: {
        action: { name: 'print-prefix' },
        map: 'icmap',
        showBinary: false,
        quiet: false,
        trackPrefix: true,
        operands: [],
      },
    });
  });

  it('lets the last action win', () => {
    expect(options('-g -d key').action).toEqual({ name: 'delete' });
    expect(options('-D -p file').action).toEqual({ name: 'load', file: 'file' });
    expect(options('-p file -T key').action).toEqual({ name: 'track' });
  });

  it('does not undo -t by -T', () => {
    expect(options('-t -T key').trackPrefix).toBe(false);
    expect(options('-T key').trackPrefix).toBe(true);
  });

  it('takes the map of -C unless -m follows', () => {
    expect(options('-m icmap -C ipc').map).toBe('stats');
    expect(options('-C ipc -m icmap').map).toBe('icmap');
    expect(options('-C ipc -g x').map).toBe('stats');
  });

  it('refuses a wrong map only if none was right before', () => {
    expect(message('-m bogus')).toBe("invalid map name, must be 'default', 'icmap' or 'stats'");
    expect(options('-m stats -m bogus').map).toBe('stats');
    expect(options('-m default').map).toBe('icmap');
  });

  it('stops at whatever comes first', () => {
    expect(message('-h -x')).toBe('help');
    expect(message('-x -h')).toBe("cmapctl: invalid option -- 'x'");
    expect(message('-C nothing -h')).toMatch(/^argument to -C should be/);
  });

  it('wants a key where one is needed', () => {
    for (const action of ['-g', '-s', '-d', '-D', '-t', '-T'])
      expect(message(action)).toBe('Expected key after options');
    for (const action of ['-b', '-C all', '-p file']) expect(message(action)).toBe('run');
  });
});
