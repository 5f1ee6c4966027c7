import { expect, it } from 'vitest';
import { CfgClient } from '../../src/index.ts';
import { CfgPeer } from '../helpers/corosync/cfg-peer.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';

const CS_OK = 1;

describeOnCorosync('CfgClient beside libcfg', (suite) => {
  it('says who we are, where, and what our links are like, as libcfg does', async () => {
    await using client = await CfgClient.connect();
    await using peer = new CfgPeer();
    expect(client.transport).toBe(suite.transport);
    await peer.connect();
    const nodeId = await client.localNodeId();
    expect(nodeId).toBe(1);
    const { code, addresses } = await peer.nodeAddresses(nodeId);
    expect(code).toBe(CS_OK);
    expect(await client.nodeAddresses(nodeId)).toEqual(addresses.map(({ address }) => address.join('.')));
    expect(await client.nodeAddresses()).toEqual(await client.nodeAddresses(nodeId));
    expect(await client.ringStatus()).toEqual((await peer.ringStatus()).interfaces);
  });

  it('says how it sees a node, as libcfg does', async () => {
    await using client = await CfgClient.connect();
    await using peer = new CfgPeer();
    await peer.connect();
    const { code, status } = await peer.nodeStatus(1);
    const ours = await client.nodeStatus(1);
    expect(code).toBe(CS_OK);
    expect(ours).toMatchObject({ nodeId: 1, reachable: status.reachable === 1 });
    expect(
      ours.links.map(({ enabled, connected, mtu, sourceAddress, destinationAddress }) => ({
        enabled: Number(enabled),
        connected: Number(connected),
        mtu,
        source: sourceAddress,
        destination: destinationAddress,
      })),
    ).toEqual(
      status.links.map(({ enabled, connected, mtu, source, destination }) => ({
        enabled,
        connected,
        mtu,
        source,
        destination,
      })),
    );
  });

  it('refuses ids that corosync would take for others before anything is sent, and passes on that a node is not known', async () => {
    await using client = await CfgClient.connect();
    for (const nodeId of [0, -1, 65_536, 65_537, 1.5]) {
      await expect(client.nodeStatus(nodeId)).rejects.toMatchObject({
        code: 'CS_ERR_INVALID_PARAM',
        sent: 'no',
      });
    }
    await expect(client.nodeAddresses(-1)).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
      sent: 'no',
    });
    await expect(client.nodeAddresses(9)).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST', sent: 'yes' });
    const error: unknown = await client.nodeStatus(9).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CS_ERR_FAILED_OPERATION', sent: 'yes' });
    await suite.takeOffLog(/node 9|nodeid|9/);
  });

  it('leaves nothing waiting when it is closed', async () => {
    const client = await CfgClient.connect();
    const asked = client.localNodeId();
    await client.close();
    expect(await asked).toBe(1);
    await expect(client.ringStatus()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE', sent: 'no' });
  });
});
