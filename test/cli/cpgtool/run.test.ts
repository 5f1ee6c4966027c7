import { beforeEach, describe, expect, it } from 'vitest';
import { runCpgtool } from '../../../src/cli/cpgtool/run.ts';
import { ConnectionError, CsError } from '../../../src/index.ts';
import { FakeServices, type Run } from '../drop-in/fake-services.ts';

let services: FakeServices;
const run = (...words: string[]): Promise<Run> => services.run(runCpgtool, ...words);

beforeEach(() => {
  services = new FakeServices();
  const { cluster } = services;
  cluster.change(2, { addresses: ['10.0.0.2', 'fd00::2'] });
  cluster.groupMembers = [
    { group: 'a\\b\n', nodeId: 1, pid: 7 },
    { group: 'a\\b\n', nodeId: 2, pid: 4294967295 },
    { group: 'é', nodeId: 9, pid: 0 },
    { group: '\ufffd', groupBytes: Buffer.from('ff7f', 'hex'), nodeId: 1, pid: 8 },
  ];
  cluster.groups = cluster.groupMembers.slice(1);
});

describe('cpgtool', () => {
  it('prints the members of each group, with the addresses of their nodes', async () => {
    expect(await run()).toEqual({
      code: 0,
      stdout: [
        'Group Name\t       PID\t   Node ID',
        'a\\\\b\\x0A',
        '\t\t         7\t         1 (10.0.0.1)',
        '\t\t4294967295\t         2 (10.0.0.2 fd00::2)',
        '\\xFFFFFFC3\\xFFFFFFA9',
        '\t\t         0\t         9 ()',
        '\\xFFFFFFFF\\x7F',
        '\t\t         8\t         1 (10.0.0.1)\n',
      ].join('\n'),
      stderr: '',
    });
    expect(services.cluster.connections).toEqual(['cpg', 'cfg', 'cpg closed', 'cfg closed']);
  });

  it('-d puts a byte between the fields, and shows no addresses', async () => {
    expect((await run('-d', ';,')).stdout).toMatch(/^GRP_NAME;PID;NODEID\na\\\\b\\x0A;7;1\n/);
    expect((await run('-d', '\xff', '-n')).stdout).toBe(
      'a\\\\b\\x0A\xff\\xFFFFFFC3\\xFFFFFFA9\xff\\xFFFFFFFF\\x7F\xff\n',
    );
  });

  it('-n prints the names only, and -e as they are', async () => {
    expect((await run('-n')).stdout).toBe('a\\\\b\\x0A\n\\xFFFFFFC3\\xFFFFFFA9\n\\xFFFFFFFF\\x7F\n');
    expect((await run('-en')).stdout).toBe('a\\b\n\n\xc3\xa9\n\xff\x7f\n');
  });

  it('shows no empty name that comes first, as the C tool', async () => {
    services.cluster.groupMembers = [
      { group: '', nodeId: 9, pid: 1 },
      { group: 'b', nodeId: 9, pid: 2 },
      { group: '', nodeId: 9, pid: 3 },
    ];
    expect((await run()).stdout.split('\n').slice(1)).toEqual([
      '\t\t         1\t         9 ()',
      'b',
      '\t\t         2\t         9 ()',
      '',
      '\t\t         3\t         9 ()',
      '',
    ]);
  });

  it('helps, and refuses what it does not know', async () => {
    expect(await run('-h')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('-x')).toEqual({ code: 1, stdout: '', stderr: "cpgtool: invalid option -- 'x'\n" });
  });
});

describe('cpgtool without corosync', () => {
  const gone = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' });

  it('says what the C tool says', async () => {
    services.cluster.refused.set('cfg', gone);
    expect((await run()).stderr).toBe('Could not initialize corosync configuration API error 2\n');
    services.cluster.refused.set('cpg', gone);
    const stderr = 'Could not initialize corosync cpg API error 2\n';
    expect(await run('-n')).toEqual({ code: 1, stdout: '', stderr });
  });

  it('that goes away meanwhile says so, and exits with 1', async () => {
    services.cluster.listError = new CsError('CS_ERR_LIBRARY', { operation: 'cpg_iteration_initialize' });
    const stderr = 'Cannot initialize cpg iterator error 2\n';
    for (const words of [[], ['-n']]) expect(await run(...words)).toEqual({ code: 1, stdout: '', stderr });
    services.cluster.listError = new CsError('CS_ERR_LIBRARY', { operation: 'cpg_iteration_next' });
    expect(await run('-d:')).toEqual({
      code: 1,
      stdout: 'GRP_NAME:PID:NODEID\n',
      stderr: 'cpg iteration error 2\n',
    });
  });
});
