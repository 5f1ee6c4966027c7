import { expect, it } from 'vitest';
import { VotequorumClient, type VotequorumInfo, type VotequorumTrackEvent } from '../../src/index.ts';
import { VotequorumPeer, type VotequorumPeerInfo } from '../helpers/corosync/votequorum-peer.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;
const CS_TRACK_CHANGES = 2;

describeOnCorosync('VotequorumClient beside libvotequorum', (suite) => {
  it.each([0, 1])('getInfo of node %i says what libvotequorum says', async (nodeId) => {
    await using client = await VotequorumClient.connect();
    await using peer = new VotequorumPeer();
    expect(client.transport).toBe(suite.transport);
    await peer.connect();
    const { code, info } = await peer.getInfo(nodeId);
    expect(code).toBe(CS_OK);
    expect(asThePeerSays(await client.getInfo(nodeId))).toEqual(info);
  });

  it('refuses what is no node id before anything is sent, and passes on that a node is not known', async () => {
    await using client = await VotequorumClient.connect();
    for (const nodeId of [-1, 1.5, 2 ** 32, NaN]) {
      await expect(client.getInfo(nodeId)).rejects.toMatchObject({
        code: 'CS_ERR_INVALID_PARAM',
        sent: 'no',
      });
    }
    await expect(client.getInfo(4)).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST', sent: 'yes' });
  });

  it('tells what libvotequorum tells, and serves many trackers by one at corosync', async () => {
    await using client = await VotequorumClient.connect();
    await using peer = new VotequorumPeer();
    const cmap = await suite.connect();
    await peer.connect();
    expect(await peer.trackStart(7n, CS_TRACK_CHANGES)).toBe(CS_OK);
    await waitUntil('the peer has its snapshot', () => peer.events.length >= 2);
    const told: VotequorumTrackEvent[] = [];
    const late: VotequorumTrackEvent[] = [];
    await using first = await client.track({ listener: (event) => void told.push(event) });
    await waitUntil('the snapshot has come', () => told.length >= 2);
    await using second = await client.track({ listener: (event) => void late.push(event) });
    expect(late).toEqual(told);

    await cmap.setUint32('quorum.expected_votes', 3);
    await cmap.setUint32('quorum.expected_votes', 1);
    await waitUntil(
      'quorum is lost and back',
      () => quorate(told).length >= 3 && peer.events.length >= told.length,
    );
    expect(quorate(told)).toEqual([true, false, true]);
    expect(told.map(kindAndContent)).toEqual(peer.events.map(kindAndContentOfPeer));
    expect(late).toEqual(told);
    expect([first, second]).toHaveLength(2);
  });
});

function quorate(events: readonly VotequorumTrackEvent[]): boolean[] {
  return events.flatMap((event) => (event.kind === 'quorum' ? [event.quorate] : []));
}

function kindAndContent(event: VotequorumTrackEvent): unknown[] {
  switch (event.kind) {
    case 'nodelist':
      return ['nodelist', ...event.members];
    case 'quorum':
      return ['quorum', event.quorate, ...event.nodes.map(({ nodeId }) => nodeId)];
    case 'expected-votes':
      return ['expected', event.expectedVotes];
    default:
      return [event.kind];
  }
}

function kindAndContentOfPeer(event: VotequorumPeer['events'][number]): unknown[] {
  switch (event.type) {
    case 'nodelist':
      return ['nodelist', ...event.members];
    case 'quorum':
      return ['quorum', event.quorate === 1, ...event.nodes.map(({ nodeId }) => nodeId)];
    case 'expected':
      return ['expected', event.expectedVotes];
  }
}

function asThePeerSays(info: VotequorumInfo): VotequorumPeerInfo {
  const { state, flags, flagBits, qdeviceName, qdeviceNameBytes, ...numbers } = info;
  expect({ state, quorate: flags.includes('quorate') }).toEqual({ state: 'member', quorate: true });
  return { ...numbers, state: 1, flags: flagBits, qdeviceName: Buffer.from(qdeviceNameBytes ?? qdeviceName) };
}
