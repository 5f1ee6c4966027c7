import { beforeEach, describe, expect, it } from 'vitest';
import { runQuorumtool } from '../../../src/cli/quorumtool/run.ts';
import { ConnectionError, CsError } from '../../../src/index.ts';
import { info } from '../fake-cluster.ts';
import { FakeServices, type Run } from '../drop-in/fake-services.ts';

let services: FakeServices;
const run = (...words: string[]): Promise<Run> => services.run(runQuorumtool, ...words);

beforeEach(() => {
  services = new FakeServices();
});

const STATUS = `Quorum information
------------------
Date:             Thu Nov  5 08:03:09 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.1a
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   2
Highest expected: 2
Total votes:      2
Quorum:           2  
Flags:            Quorate 
`;

const MEMBERS = `
Membership information
----------------------
    Nodeid      Votes Name
         1          1 one (local)
         2          1 two
`;

describe('quorumtool -s', () => {
  it('prints the status, and closes its connections', async () => {
    expect(await run()).toEqual({ code: 0, stdout: STATUS + MEMBERS, stderr: '' });
    const { connections } = services.cluster;
    expect(connections.slice(0, 4)).toEqual(['cmap', 'quorum', 'cfg', 'votequorum']);
    expect(connections.filter((one) => one.endsWith(' closed'))).toHaveLength(4);
  });

  it('says by its exit code that the cluster is not quorate', async () => {
    services.cluster.quorate = false;
    services.cluster.change(1, { info: { ...info(1), flags: ['two-node', 'wait-for-all'] } });
    const { code, stdout } = await run('-s');
    expect(code).toBe(2);
    expect(stdout).toContain('Quorate:          No\n');
    expect(stdout).toContain('Quorum:           2 Activity blocked\nFlags:            2Node WaitForAll \n');
  });

  it('prints ids in hexadecimal, and numbers as C does', async () => {
    services.cluster.change(1, { info: info(1, { expectedVotes: 4294967295, votes: 4294967295 }) });
    const { stdout } = await run('-H');
    expect(stdout).toContain('Node ID:          0x00000001\n');
    expect(stdout).toContain('Expected votes:   -1\n');
    expect(stdout).toContain('\n0x00000001 4294967295 one (local)\n0x00000002          1 two\n');
  });

  it('shows another provider without votes, and of the ring what the quorum service alone tells', async () => {
    services.cluster.set('quorum.provider', 'corosync_quorum_ykd');
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /provider: {2}corosync_quorum_ykd\nNodes: +2\nNode ID: +0\nRing ID: +1a\nQuorate: +Yes\n$/,
    );
  });

  it('says what the C tool says where there is no provider', async () => {
    services.cluster.type = 'free';
    const stderr = 'Unable to start votequorum status tracking: CS_ERR_BAD_HANDLE\n';
    expect(await run()).toEqual({ code: 1, stdout: '', stderr });
    const stdout = '\nQuorum is not configured - cannot monitor\n';
    expect(await run('-m')).toEqual({ code: 1, stdout, stderr });
    expect((await run('-l')).stdout).toContain('\n    Nodeid Name\n         1 one\n         2 two\n');
  });

  it('goes on without what corosync does not tell of a node', async () => {
    services.cluster.nodes.delete(2);
    services.cluster.events = [services.cluster.quorumEvent([1, 2])];
    const { code, stdout, stderr } = await run('-l');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'Unable to get node address for nodeid 2: CS_ERR_NOT_EXIST\n',
    });
    expect(stdout).toMatch(/^Unable to get node 2 info\n[^]* +2 +0 \n$/);
  });
});

describe('quorumtool -l', () => {
  it('shows the quorum device in a row of its own', async () => {
    const device = { qdeviceName: 'disk', qdeviceVotes: 1 };
    services.cluster.change(1, { info: info(1, { ...device, flags: ['qdevice-registered'] }) });
    expect((await run('-l')).stdout.split('\n').slice(3)).toEqual([
      '    Nodeid      Votes    Qdevice Name',
      '         1          1  NA,NV,NMW one (local)',
      '         2          1         NR two',
      '         0          0            disk (votes 1)',
      '',
    ]);
    const flags = [
      'qdevice-registered',
      'qdevice-alive',
      'qdevice-cast-vote',
      'qdevice-master-wins',
    ] as const;
    services.cluster.change(1, { info: info(1, { ...device, flags }) });
    expect((await run('-l', '-H')).stdout.split('\n').slice(4)).toEqual([
      '0x00000001          1     A,V,MW one (local)',
      '0x00000002          1         NR two',
      '0x00000000          1            disk',
      '',
    ]);
  });

  it('prints the bytes of a name that is no UTF-8', async () => {
    const device = { qdeviceName: '\ufffd', qdeviceNameBytes: Uint8Array.of(0xe9), qdeviceVotes: 1 };
    services.cluster.change(2, { info: info(2, { ...device, flags: ['qdevice-registered'] }) });
    services.cluster.map.values.set('nodelist.node.0.name', {
      type: 'string',
      value: 'caf\ufffd',
      bytes: Buffer.from('caf\xe9', 'latin1'),
    });
    expect((await run('-l')).stdout).toMatch(/NR caf\xe9 \(local\)\n[^]* {11}\xe9 \(votes 1\)\n$/);
  });

  it('orders nodes by signed ids or by names, each with its own votes', async () => {
    services.cluster.add(0x8000_0000, { name: 'low', addresses: [], info: info(0x8000_0000, { votes: 7 }) });
    services.cluster.events = [services.cluster.quorumEvent()];
    const rows = async (order: string): Promise<string[]> =>
      [...(await run('-l', '-o', order)).stdout.matchAll(/^ *(\d+) +(\d+) (\w+)/gm)].map((row) =>
        row.slice(1).join(' '),
      );
    expect(await rows('a')).toEqual(['1 1 one', '2 1 two', '2147483648 7 low']);
    expect(await rows('i')).toEqual(['2147483648 7 low', '1 1 one', '2 1 two']);
    expect(await rows('n')).toEqual(['2147483648 7 low', '1 1 one', '2 1 two']);
  });

  it('shows addresses: by name where one is known, all of them, or as they are', async () => {
    const { cluster, names } = services;
    cluster.change(1, { addresses: ['10.0.0.1', '10.1.0.1', 'fd00::1'] });
    cluster.map.values.delete('nodelist.node.1.name');
    names.set('10.0.0.2', 'host2').set('10.1.0.1', 'other1');
    const shown = async (...words: string[]): Promise<(string | undefined)[]> =>
      [...(await run('-l', ...words)).stdout.matchAll(/^ +\d+ +1 (.*)$/gm)].map((row) => row[1]);
    expect(await shown()).toEqual(['one (local)', 'host2']);
    expect(await shown('-a')).toEqual(['one, other1,  (local)', 'host2']);
    expect(await shown('-i')).toEqual(['10.0.0.1 (local)', '10.0.0.2']);
    expect(await shown('-ai')).toEqual(['10.0.0.1, 10.1.0.1, fd00::1 (local)', '10.0.0.2']);
    cluster.change(1, { addresses: [] });
    expect(await shown()).toEqual(['one (local)', 'host2']);
  });
});

describe('quorumtool -m', () => {
  it('prints each state as it is told, and lets it go at once', async () => {
    const { cluster } = services;
    cluster.events = [cluster.quorumEvent(), cluster.quorumEvent([1], false)];
    const { code, stdout, stderr } = await run('-m');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Unable to dispatch quorum status: CS_ERR_LIBRARY\n',
    });
    expect(stdout.match(/^Nodes: .*$/gm)).toEqual(['Nodes:            2', 'Nodes:            1']);
    expect(stdout.match(/^Quorate: .*$/gm)).toEqual(['Quorate:          Yes', 'Quorate:          No']);
    expect(stdout.startsWith(`${STATUS}${MEMBERS}\nQuorum information\n`)).toBe(true);
    expect(services.flushes).toBe(3);
  });
});

describe('what the C tool says of a connection that cannot be made', () => {
  it.each([
    ['cmap', 'Cannot initialize CMAP service'],
    ['quorum', 'Cannot initialize QUORUM service'],
    ['cfg', 'Cannot initialise CFG service'],
    ['votequorum', 'Cannot initialise VOTEQUORUM service'],
  ] as const)('%s', async (name, line) => {
    services.cluster.refused.set(name, new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' }));
    expect(await run()).toEqual({ code: 1, stdout: '', stderr: `${line}\n` });
  });

  it('and of a node without an id', async () => {
    services.cluster.map.values.delete('runtime.votequorum.this_node_id');
    expect((await run()).stderr).toBe('Unable to retrieve this_node_id\n');
  });

  it('with what is wrong with the environment, which the C tool does not look at', async () => {
    const context = { operation: 'cmap_initialize_map', detail: 'options.socketDirectory is "x"' };
    services.cluster.refused.set('cmap', new CsError('CS_ERR_INVALID_PARAM', context));
    expect((await run()).stderr).toMatch(
      /^Cannot initialize CMAP service: CS_ERR_INVALID_PARAM \(7\): COROSYNC_CLIENT_SOCKET_DIRECTORY is "x"/,
    );
  });
});
