import { beforeEach, describe, expect, it } from 'vitest';
import { runCfgtool } from '../../../src/cli/cfgtool/run.ts';
import { ConnectionError, CsError } from '../../../src/index.ts';
import { link, nodeStatus } from '../fake-cluster.ts';
import { FakeServices, type Run } from '../drop-in/fake-services.ts';

let services: FakeServices;
const run = (...words: string[]): Promise<Run> => services.run(runCfgtool, ...words);

beforeEach(() => {
  services = new FakeServices();
  services.cluster.change(2, {
    status: nodeStatus(2, {
      links: [link(), link({ connected: false, sourceAddress: '10.1.0.1', destinationAddress: '10.1.0.2' })],
    }),
  });
});

describe('cfgtool -s', () => {
  it('prints the links that lead to the last other node', async () => {
    expect(await run('-s')).toEqual({
      code: 0,
      stdout: [
        'Local node ID 1, transport knet',
        'LINK ID 0 udp\n\taddr\t= 10.0.0.1\n\tstatus:',
        '\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tconnected',
        'LINK ID 1 udp\n\taddr\t= 10.1.0.1\n\tstatus:',
        '\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tdisconnected\n',
      ].join('\n'),
      stderr: '',
    });
    expect((await run('-sb')).stdout).toMatch(/= 10.0.0.1\n\tstatus\t= n3\n[^]*\tstatus\t= n1\n$/);
  });

  it('names what carries a link, where the configuration does; over udpu it says nothing again', async () => {
    services.cluster.set('totem.interface.1.knet_transport', 'sctp');
    expect((await run('-s')).stdout).toMatch(/LINK ID 0 udp\n[^]*LINK ID 1 sctp\n/);
    services.cluster.set('totem.transport', 'udpu');
    services.cluster.map.values.delete('totem.interface.1.knet_transport');
    expect((await run('-s')).stdout).toMatch(/^Local node ID 1, transport udpu\nLINK ID 0 \n/);
  });

  it('goes on after a node that corosync does not tell of', async () => {
    const unknown = new CsError('CS_ERR_FAILED_OPERATION', { operation: 'corosync_cfg_node_status_get' });
    services.cluster.add(4294967290, { status: unknown });
    const { code, stdout, stderr } = await run('-s');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Local node ID 1, transport knet\n' });
    expect(stderr).toBe('Could not get the node status for nodeid -6, the error is: 21\n');
    services.cluster.add(3, {});
    expect((await run('-n')).stderr).toBe('');
  });

  it('is alone with itself', async () => {
    services.cluster.nodes.delete(2);
    services.cluster.map.values.delete('nodelist.node.1.nodeid');
    expect((await run('-s')).stdout).toMatch(
      /transport knet\nLINK ID 0 udp\n[^]*nodeid: {10}1:\tlocalhost\n$/,
    );
    services.cluster.map.values.delete('nodelist.node.0.nodeid');
    expect(await run('-s')).toEqual({ code: 1, stdout: '', stderr: 'No nodes found in nodelist\n' });
  });
});

describe('cfgtool -n', () => {
  it('prints the nodes that can be reached', async () => {
    const states = { remote: true, external: true, onwireMin: 1, onwireMax: 3, onwireVersion: 2 };
    services.cluster.add(3, {
      status: nodeStatus(3, { ...states, links: [link({ dynamicallyConnected: true })] }),
    });
    services.cluster.add(4, { status: nodeStatus(4, { reachable: false }) });
    expect((await run('-n')).stdout).toBe(
      [
        'Local node ID 1, transport knet',
        'nodeid: 2 reachable',
        '   LINK: 0 udp (10.0.0.1->10.0.0.2) enabled connected mtu: 1446',
        '   LINK: 1 udp (10.1.0.1->10.1.0.2) enabled mtu: 1446\n',
        'nodeid: 3 reachable remote external   onwire (min/max/cur): 1, 3, 2',
        '   LINK: 0 udp (10.0.0.1->10.0.0.2) enabled connected dynconnected mtu: 1446\n\n',
      ].join('\n'),
    );
  });
});

describe('cfgtool -a', () => {
  it('prints the addresses of a node', async () => {
    services.cluster.change(2, { addresses: ['10.0.0.2', 'fd00::2'] });
    expect(await run('-a', '2')).toEqual({ code: 0, stdout: '10.0.0.2 fd00::2\n', stderr: '' });
    expect(await run('-a', '4294967295')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Could not get node address for nodeid -1\n',
    });
  });
});

describe('cfgtool without corosync', () => {
  it('says what the C tool says', async () => {
    services.cluster.refused.set('cfg', new ConnectionError('CS_ERR_ACCESS', { operation: 'connect' }));
    for (const words of [['-s'], ['-n'], ['-a', '1']])
      expect(await run(...words)).toEqual({
        code: 1,
        stdout: '',
        stderr: 'Could not initialize corosync configuration API error 11\n',
      });
    services.cluster.refused.clear();
    services.cluster.refused.set('cmap', new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect' }));
    expect((await run('-s')).stderr).toBe('Could not initialize corosync cmap API error 2\n');
    expect(services.cluster.connections).toContain('cfg closed');
  });
});
