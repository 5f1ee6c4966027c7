import { expect, it } from 'vitest';
import {
  QuorumClient,
  QuorumSession,
  type QuorumFollowEvent,
  type QuorumTrackEvent,
} from '../../src/quorum/index.ts';
import { QuorumPeer } from '../helpers/corosync/quorum-peer.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;
const CS_TRACK_CHANGES = 2;

describeOnCorosync('QuorumClient beside libquorum', (suite) => {
  const connected = async (): Promise<QuorumClient> => {
    const client = await QuorumClient.connect();
    expect(client.transport).toBe(suite.transport);
    return client;
  };

  it('asks for model v1, and says what quorum is', async () => {
    await using client = await connected();
    await using peer = new QuorumPeer();
    expect(await peer.connect('v1')).toMatchObject({ code: CS_OK, type: 1 });
    expect({ model: client.model, type: client.type }).toEqual({ model: 'v1', type: 'set' });
    const { quorate } = await peer.getQuorate();
    expect(await client.getQuorate()).toBe(quorate === 1);
  });

  it('tells what libquorum tells: a snapshot, and that votes have changed quorum, there and back', async () => {
    await using client = await connected();
    await using peer = new QuorumPeer();
    const cmap = await suite.connect();
    await peer.connect('v1');
    expect(await peer.trackStart(CS_TRACK_CHANGES)).toBe(CS_OK);
    await peer.notified(2);
    const told: QuorumTrackEvent[] = [];
    await using tracker = await client.track({ listener: (event) => void told.push(event) });
    expect(tracker).toBeDefined();
    await waitUntil('the snapshot has come', () => told.length >= 2);
    await cmap.setUint32('quorum.expected_votes', 3);
    await waitUntil('quorum is lost', () => told.length >= 3);
    expect(await client.getQuorate()).toBe(false);
    await cmap.setUint32('quorum.expected_votes', 1);
    await waitUntil('quorum is back', () => told.length >= 4 && peer.events.length >= 4);
    expect(told.map((event) => event.kind === 'quorum' && event.quorate)).toEqual([false, true, false, true]);
    expect(told.map(asThePeerSays)).toEqual(peer.events);
  });

  it('serves any number of trackers by one at corosync, and starts again when all have gone', async () => {
    await using client = await connected();
    const first = await client.track();
    const second = await client.track();
    expect(await read(second, 2)).toEqual(await read(first, 2));
    await first.close();
    await second.close();
    await first.close();
    await using third = await client.track();
    expect((await read(third, 2)).map((event) => event.kind)).toEqual(['nodelist', 'quorum']);
  });

  it('begins and ends its tracking under any sequence of calls', async () => {
    await using client = await connected();
    for (let round = 0; round < 20; round += 1) {
      const trackers = await Promise.all([client.track(), client.track(), client.track()]);
      const closed = Promise.all(trackers.map((tracker) => tracker.close()));
      await using next = await client.track();
      expect((await read(next, 2)).map((event) => event.kind)).toEqual(['nodelist', 'quorum']);
      await closed;
    }
  });

  it('ends a tracker with the connection', async () => {
    const client = await connected();
    const reader = (await client.track())[Symbol.asyncIterator]();
    await reader.next();
    client.destroy(new Error('enough'));
    expect(await reader.next()).toMatchObject({ value: { kind: 'quorum' } }); // what had arrived
    await expect(reader.next()).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await expect(client.track()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
    await expect(client.getQuorate()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });
});

describeOnCorosync('QuorumSession', (suite) => {
  it('follows quorum across a restart of corosync, and its calls wait', async () => {
    await using session = QuorumSession.open({ backOff: { firstDelayMs: 20, maxDelayMs: 50 } });
    const told: QuorumFollowEvent[] = [];
    await using follower = session.follow({ listener: (event) => void told.push(event) });
    await session.ready();
    expect(told).toEqual([{ kind: 'snapshot', state: follower.current }]);
    expect(follower.current).toMatchObject({ quorate: true, members: [1] });

    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    await waitUntil('the loss is told', () => told.length === 2);
    const quorate = session.getQuorate();
    await suite.restart();
    expect(await quorate).toBe(true);
    await session.ready();
    expect(told.slice(1)).toMatchObject([
      { kind: 'lost', error: { code: 'CS_ERR_LIBRARY' } },
      { kind: 'resynced', changed: true, state: { quorate: true, members: [1] } },
    ]);
    expect(told).toHaveLength(3);

    const cmap = await suite.connect();
    await cmap.setUint32('quorum.expected_votes', 3);
    await waitUntil('the change is told', () => told.length === 4);
    expect(told[3]).toMatchObject({ kind: 'change', event: { kind: 'quorum' }, state: { quorate: false } });
    await session.close();
    await expect(session.getQuorate()).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });
});

async function read(tracker: AsyncIterable<QuorumTrackEvent>, count: number): Promise<QuorumTrackEvent[]> {
  const events: QuorumTrackEvent[] = [];
  const iterator = tracker[Symbol.asyncIterator]();
  while (events.length < count) {
    const result = await iterator.next();
    if (result.done === true) break;
    events.push(result.value);
  }
  return events;
}

function asThePeerSays(event: QuorumTrackEvent): unknown {
  if (event.kind === 'overflow') return event;
  const ringId = { nodeId: event.ringId.nodeId, seq: String(event.ringId.seq) };
  const members = [...event.members];
  return event.kind === 'quorum'
    ? { type: 'quorum', quorate: Number(event.quorate), ringId, members }
    : { type: 'nodelist', ringId, members, joined: [...event.joined], left: [...event.left] };
}
