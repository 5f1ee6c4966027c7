import { afterEach, describe, expect, it } from 'vitest';
import type { TrackerDriver } from '../../../src/cmap/tracking/tracker.ts';
import { TrackerRegistry } from '../../../src/cmap/tracking/tracker-registry.ts';
import type { NotificationMessage } from '../../../src/codec/cmap/notification.ts';
import { ConnectionError } from '../../../src/errors/index.ts';
import { encodeAmongDirt, readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { resCmapNotifyCallback } from '../../helpers/wire/cmap-messages.ts';
import { resHeaderOnly } from '../../helpers/wire/message.ts';

const SERVER = '/registry/cmap';
const LOST = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'gone' });
/** A key at which corosync would crash while a prefix over it is tracked. */
const DEADLY = 'runtime.force_gather';
const busy: unknown = expect.objectContaining({ code: 'CS_ERR_BUSY' });

interface FakeDriver extends TrackerDriver {
  readonly told: NotificationMessage[];
  readonly ends: (ConnectionError | undefined)[];
}

function fakeDriver(): FakeDriver {
  const [told, ends]: [NotificationMessage[], (ConnectionError | undefined)[]] = [[], []];
  return {
    told,
    ends,
    activate: () => undefined,
    deliver: (message) => void told.push(message),
    end: (error) => void ends.push(error),
  };
}

function notification(trackInstHandle: bigint): Uint8Array {
  return resCmapNotifyCallback({
    trackInstHandle: String(trackInstHandle),
    key: 'test.key',
    event: 2,
    newType: 2,
    oldType: 2,
    newValue: '02',
    oldValue: '01',
  }).toBytes();
}

let registries: TrackerRegistry[] = [];
function registry(map: 'icmap' | 'stats' = 'icmap', server = SERVER): TrackerRegistry {
  const made = new TrackerRegistry(server, map);
  registries.push(made);
  return made;
}
/** As a connection does it with an event. */
function receive(at: TrackerRegistry, event: Uint8Array): void {
  const arrived = at.decode(readerAmongDirt(event));
  if (arrived !== undefined) at.deliver(arrived);
}

afterEach(() => {
  for (const each of registries) each.ended(undefined);
  registries = [];
});

describe('the trackers of a connection', () => {
  it('are told apart by numbers that nobody can guess', () => {
    const handles = Array.from({ length: 1000 }, () => registry().newInstHandle());
    expect(new Set(handles).size).toBe(1000);
    // Each of 64 bits is set in some of them.
    expect(handles.reduce((bits, handle) => bits | handle, 0n)).toBe(2n ** 64n - 1n);
  });

  it('get each what is theirs', () => {
    const trackers = registry();
    const drivers = [fakeDriver(), fakeDriver()] as const;
    trackers.add(1n, drivers[0], 'test.', true);
    trackers.add(2n ** 63n, drivers[1], 'test.', true);
    receive(trackers, notification(2n ** 63n));
    expect(drivers.map(({ told }) => told.length)).toEqual([0, 1]);
    expect(drivers[1].told).toMatchObject([{ key: 'test.key', newValue: { value: 2 } }]);
  });

  it('get nothing more when they are silenced, and what is for nobody is dropped', () => {
    const trackers = registry();
    const driver = fakeDriver();
    trackers.add(1n, driver, 'test.', true);
    trackers.silence(1n);
    receive(trackers, notification(1n));
    receive(trackers, notification(3n));
    expect(driver.told).toEqual([]);
    trackers.ended(LOST);
    expect(driver.ends).toEqual([]);
  });

  it('get nothing that is no notification: it breaks the protocol', () => {
    expect(() => registry().decode(readerAmongDirt(resHeaderOnly({ id: 10, error: 1 }).toBytes()))).toThrow(
      expect.objectContaining({ code: 'CS_ERR_SECURITY' }),
    );
  });

  it('end once, with the connection’s error', () => {
    const trackers = registry();
    const driver = fakeDriver();
    trackers.add(1n, driver, 'test.', true);
    trackers.ended(LOST);
    trackers.ended(undefined);
    receive(trackers, notification(1n));
    expect(driver.ends).toEqual([LOST]);
    expect(driver.told).toEqual([]);
  });

  it('are fetched from a corosync that holds events back by a request without effect', () => {
    const { waking } = registry();
    const request = waking.wake();
    expect(request).toMatchObject({ operation: 'cmap_get', key: 'totem.version' });
    expect(request).not.toHaveProperty('changes');
    expect(encodeAmongDirt(request).readInt32LE(0)).toBe(2);
    expect(waking.largestEvent).toBe(336 + 2 * 16_385);
  });
});

describe('what trackers forbid', () => {
  it('is the change at which corosync would crash, until they are gone from it', () => {
    const trackers = registry();
    trackers.add(1n, fakeDriver(), 'runtime.', true);
    trackers.silence(1n);
    // Silent, but still there.
    expect(() => trackers.noteChange('cmap_set', DEADLY)).toThrow(busy);
    trackers.remove(1n);
    trackers.noteChange('cmap_set', DEADLY)?.();
  });

  it('ends with their connection', () => {
    const trackers = registry();
    trackers.add(1n, fakeDriver(), 'runtime.', true);
    trackers.ended(LOST);
    registry().noteChange('cmap_set', DEADLY)?.();
  });

  it('concerns all connections to that corosync, and to no other', () => {
    registry().add(1n, fakeDriver(), 'runtime.', true);
    expect(() => registry().noteChange('cmap_set', DEADLY)).toThrow(busy);
    registry('icmap', '/elsewhere/cmap').noteChange('cmap_set', DEADLY)?.();
  });

  it('is nothing in the stats map, whose keys are others', () => {
    const stats = registry('stats');
    stats.add(1n, fakeDriver(), 'runtime.', true);
    registry().noteChange('cmap_set', DEADLY)?.();
    registry().add(2n, fakeDriver(), 'runtime.', true);
    expect(stats.noteChange('cmap_set', DEADLY)).toBeUndefined();
  });

  it('is a tracker, too, while such a change is under way: it is then not there', () => {
    const trackers = registry();
    const answered = trackers.noteChange('cmap_set', DEADLY);
    const driver = fakeDriver();
    expect(() => trackers.add(1n, driver, 'runtime.', true)).toThrow(busy);
    receive(trackers, notification(1n));
    expect(driver.told).toEqual([]);
    answered?.();
    trackers.add(1n, driver, 'runtime.', true);
    receive(trackers, notification(1n));
    expect(driver.told).toHaveLength(1);
  });
});
