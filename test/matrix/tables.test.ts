import { describe, expect, it } from 'vitest';
import type { CellResult, ServerResult } from './results.ts';
import { failuresOf, replaceBetween, summary, tables } from './tables.ts';

const DEBIAN = { release: 'one', corosync: '3.1.2', libqb: '2.0.3', transport: 'shm' } as const;
const PASSED = { name: 'good', ms: 1 };
const FAILED = { name: 'bad', ms: 1, error: 'because' };

function cell(changes: Partial<CellResult>): CellResult {
  return { ...DEBIAN, column: 'node-20', runtime: 'Node 20.1.0', seconds: 1, checks: [PASSED], ...changes };
}

function server(changes: Partial<ServerResult>): ServerResult {
  return { ...DEBIAN, goldens: { same: 3, different: [] }, keys: ['a (uint8)'], ...changes };
}

describe('the tables of the version matrix', () => {
  it('have a row for each server and a column for each runtime', () => {
    const cells = [cell({}), cell({ column: 'bun', runtime: 'Bun 1' }), cell({ release: 'two' })];
    const [header, , first, second] = tables({ cells, servers: [] }).split('\n');
    expect(header).toBe('| Debian | corosync | libqb | transport | Node 20.1.0 | Bun 1 |');
    expect(first).toBe('| one    | 3.1.2    | 2.0.3 | shm       | all 1       | all 1 |');
    expect(second).toBe('| two    | 3.1.2    | 2.0.3 | shm       | all 1       |       |');
  });

  it.each([
    [{ checks: [PASSED, FAILED] }, '1; not: bad', ['bad: because']],
    [{ broken: 'ended with 1' }, '1; not: ends badly after 1 checks', ['ended with 1']],
    [{ checks: [] }, '0; not: no check ran', ['no check ran']],
    [{ checks: [], cannotConnect: 'refused' }, 'cannot connect', ['refused']],
  ] as const)('say of %j: %s', (changes, shown, failures) => {
    expect(tables({ cells: [cell(changes)], servers: [] })).toContain(`| ${shown} |`);
    expect(failuresOf(cell(changes))).toEqual(failures);
  });

  it.each([
    [{}, {}, 'all'],
    [{}, { checks: [PASSED, FAILED] }, 'shm'],
    [{ cannotConnect: 'refused' }, { broken: 'ended with 1' }, 'none'],
  ] as const)('in short, of %j over shm and %j over sockets: %s', (overShm, overSocket, shown) => {
    const cells = [cell(overShm), cell({ transport: 'socket', ...overSocket })];
    expect(summary({ cells, servers: [] }).split('\n')).toEqual([
      '| Debian | corosync | libqb | Node 20.1.0 |',
      '| ------ | -------- | ----- | ----------- |',
      `| one    | 3.1.2    | 2.0.3 | ${shown.padEnd(11)} |`,
    ]);
  });

  it('tell which golden exchanges differ', () => {
    const alike = tables({ cells: [], servers: [server({}), server({ release: 'two' })] });
    expect(alike).toContain('Each of these servers answers the 3 golden exchanges');
    const servers = [
      server({}),
      server({ transport: 'socket', goldens: { same: 2, different: ['get: byte 3 is 1, not 2'] } }),
    ];
    const text = tables({ cells: [], servers });
    expect(text).toContain('one (shm) all 3, one (socket) 2 of 3, not get: byte 3 is 1, not 2.');
  });

  it('list the keys that not every release has', () => {
    const servers = [server({}), server({ release: 'two', keys: ['a (uint8)', 'b (string)'] })];
    const lines = tables({ cells: [], servers }).split('\n');
    expect(lines.filter((line) => line.includes('(uint8)'))).toEqual([]);
    expect(lines.at(-1)).toMatch(/^\| `b \(string\)` +\| no +\| yes +\|$/);
    expect(tables({ cells: [], servers: [server({})] })).toContain('the same keys');
  });

  it('go between the markers, and nowhere else', () => {
    const text = 'before\n<!-- matrix -->old<!-- /matrix -->\nafter\n';
    const replaced = replaceBetween(text, 'new');
    expect(replaced).toBe('before\n<!-- matrix -->\n\nnew\n\n<!-- /matrix -->\nafter\n');
    expect(() => replaceBetween('no markers', 'new')).toThrow('are not there');
  });
});
