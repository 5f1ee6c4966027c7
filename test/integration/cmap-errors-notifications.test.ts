import { expect, it } from 'vitest';
import { type CmapClient, type CmapTracker } from '../../src/index.ts';
import { CMAP_TRACK, CMAP_TYPES, type CmapPeer } from '../helpers/corosync/c-peer.ts';
import { EventReader } from '../helpers/integration/integration-events.ts';
import { uint32 } from '../helpers/integration/integration-side-by-side.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { eventCode, wireOf } from '../helpers/integration/integration-values.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describeOnCorosync('notifications, as libcmap', (suite) => {
  interface Told {
    readonly tracker: number;
    readonly event: number;
    readonly key: string;
    readonly newValue: unknown;
    readonly oldValue: unknown;
  }
  const NONE = [0, ''] as const;
  const u32 = (value: number): readonly [number, string] => [
    CMAP_TYPES.uint32,
    Buffer.from(Uint32Array.of(value).buffer).toString('hex'),
  ];
  const text = (value: string): readonly [number, string] => [
    CMAP_TYPES.string,
    Buffer.from(value).toString('hex'),
  ];

  /** The same trackers in both clients, then the changes; what both were told must be the same, and is returned. */
  async function told(
    trackers: readonly (readonly [string, boolean])[],
    changes: (client: CmapClient, peer: CmapPeer) => Promise<unknown>,
  ): Promise<Told[]> {
    const [client, peer] = [await suite.connect(), await suite.peer()];
    const ours: Told[] = [];
    const handles: bigint[] = [];
    for (const [index, [key, prefix]] of trackers.entries()) {
      await client.track(key, {
        prefix,
        listener: (event) => {
          if (event.kind !== 'notification') return;
          const [newValue, oldValue] = [wireOf(event.newValue), wireOf(event.oldValue)];
          ours.push({
            tracker: index,
            event: eventCode(event.change),
            key: event.key,
            newValue: [newValue.type, newValue.bytes.toString('hex')],
            oldValue: [oldValue.type, oldValue.bytes.toString('hex')],
          });
        },
      });
      handles.push((await peer.trackAdd(key, 7 | (prefix ? CMAP_TRACK.prefix : 0))).handle);
    }
    const end = await client.track('test.end');
    await peer.trackAdd('test.end', 7);
    await changes(client, peer);
    await client.set('test.end', uint32());
    await new EventReader(end).next();
    await waitUntil('libcmap is at the end, too', () =>
      peer.notifications.some(({ key }) => key === 'test.end'),
    );
    const theirs = peer.notifications
      .filter(({ key }) => key !== 'test.end')
      .map((told) => ({
        tracker: handles.indexOf(told.handle),
        event: told.event,
        key: told.key,
        newValue: [told.newType, told.newValue.toString('hex')],
        oldValue: [told.oldType, told.oldValue.toString('hex')],
      }));
    await client.delete('test.end');
    const relevant = ours.filter(({ key }) => key !== 'test.end');
    expect(relevant).toEqual(theirs);
    return relevant;
  }

  it('ADD has no old value, MODIFY both, DELETE no new one', async () => {
    const all = await told([['test.key', false]], async (client) => {
      await client.set('test.key', uint32(1));
      await client.set('test.key', uint32(2));
      await client.setString('test.key', 'two');
      await client.delete('test.key');
    });
    expect(all.map(({ event, newValue, oldValue }) => [event, newValue, oldValue])).toEqual([
      [4, u32(1), NONE],
      [2, u32(2), u32(1)],
      [2, text('two\0'), u32(2)],
      [1, NONE, text('two\0')],
    ]);
  });

  it('the same value again is no change, other bytes or another type are', async () => {
    const all = await told([['test.key', false]], async (client, peer) => {
      await client.setString('test.key', 'hi');
      await client.setString('test.key', 'hi');
      await peer.setString('test.key', 'hi\0'); // with its NUL
      await peer.set('test.key', CMAP_TYPES.binary, 'hi\0'); // the same bytes as they are stored
      await client.setBinary('test.key', Buffer.from('hi\0'));
      await client.setBinary('test.key', Buffer.from('hi'));
      await client.delete('test.key');
    });
    expect(all.map(({ event, newValue }) => [event, newValue])).toEqual([
      [4, text('hi\0')],
      [2, [CMAP_TYPES.binary, Buffer.from('hi\0').toString('hex')]],
      [2, [CMAP_TYPES.binary, Buffer.from('hi').toString('hex')]],
      [1, NONE],
    ]);
  });

  it('an increment always changes, an adjustment by 0 never', async () => {
    const all = await told([['test.key', false]], async (client, peer) => {
      await client.set('test.key', uint32(0xffffffff));
      await client.increment('test.key');
      await client.adjust('test.key', 0);
      await peer.dec('test.key');
      await client.delete('test.key');
    });
    expect(all.map(({ event, newValue }) => [event, newValue])).toEqual([
      [4, u32(0xffffffff)],
      [2, u32(0)],
      [2, u32(0xffffffff)],
      [1, NONE],
    ]);
  });

  it('one change is told to exact trackers, newest first, then to prefixes, longest first', async () => {
    const trackers = [
      ['', true],
      ['test.or', true],
      ['test.order', false],
      ['test.order', true],
      ['test.', true],
      ['test.order', false],
    ] as const;
    const all = await told(trackers, async (client) => {
      await client.set('test.order', uint32(1));
      await client.delete('test.order');
    });
    const order = all.filter(({ key }) => key === 'test.order').map(({ tracker }) => tracker);
    expect(order.slice(0, 6)).toEqual(order.slice(6));
    const kinds = order.slice(0, 6).map((index) => trackers[index]);
    expect(kinds).toEqual([
      ['test.order', false],
      ['test.order', false],
      ['test.order', true],
      ['test.or', true],
      ['test.', true],
      ['', true],
    ]);
    expect(order.indexOf(5)).toBeLessThan(order.indexOf(2));
  });

  it('trackers of one key are all told, and those deleted are not', async () => {
    const [client, peer] = [await suite.connect(), await suite.peer()];
    const trackers: CmapTracker[] = [];
    const counts = [0, 0, 0];
    for (const index of counts.keys()) {
      trackers.push(
        await client.track('test.same', { listener: () => (counts[index] = (counts[index] ?? 0) + 1) }),
      );
    }
    await peer.setUint32('test.same', 1);
    await waitUntil('all three are told', () => counts.join() === '1,1,1');
    await trackers[1]?.close();
    await peer.setUint32('test.same', 2);
    await waitUntil('the two others are told', () => counts.join() === '2,1,2');
    await peer.delete('test.same');
  });

  it('three that are unread when the tracker is deleted are dropped', async () => {
    const [client, peer] = [await suite.connect(), await suite.peer()];
    const tracker = await client.track('test.pending');
    const reader = new EventReader(tracker);
    // The three events and the answer of delete are there before our event loop turns.
    const changes = [1, 2, 3].map((value) => client.set('test.pending', uint32(value)));
    await Promise.all([...changes, tracker.close()]);
    expect(await reader.next()).toBeUndefined();
    await peer.setUint32('test.pending', 4);
    expect(await client.getUint32('test.pending')).toBe(4);
    expect(await reader.next()).toBeUndefined();
    await client.delete('test.pending');
  });
});
