import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { CmapClient, CmapChange, CmapNotification } from '../../src/index.ts';
import { CMAP_TRACK, CMAP_TYPES, type CmapPeer, type PeerNotification } from '../helpers/corosync/c-peer.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { EventReader } from '../helpers/integration/integration-events.ts';
import { Random } from '../helpers/integration/integration-random.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import {
  bytesOf,
  EXTREME_VALUES,
  eventCode,
  setByPeer,
  storedBytesOf,
  wireOf,
  type KnownValue,
} from '../helpers/integration/integration-values.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const run = promisify(execFile);
const CS_OK = 1;
const SEED = 20240117;

describeOnCorosync('our client and libcmap on one map', (suite) => {
  async function both(): Promise<[CmapClient, CmapPeer]> {
    return [await suite.connect(), await suite.peer()];
  }

  const extremes = EXTREME_VALUES.map((value) => {
    const text = value.type === 'binary' ? `${value.value.length} bytes` : String(value.value).slice(0, 30);
    return [value.type, text, value] as const;
  });

  it.each(extremes)('%s %s: what one writes the other reads', async (_type, _text, value) => {
    const [client, peer] = await both();
    const stored = { code: CS_OK, type: CMAP_TYPES[value.type], value: storedBytesOf(value) };

    await client.set('test.ours', value);
    expect(await peer.get('test.ours')).toMatchObject(stored);
    expect(await client.get('test.ours')).toEqual(asRead(value));

    expect(await setByPeer(peer, 'test.c', value)).toBe(CS_OK);
    expect(await client.get('test.c')).toEqual(asRead(value));
    expect(await peer.get('test.c')).toMatchObject(stored);
  });

  it('keys of 3 and of 255 characters, of all characters that there are', async () => {
    const [client, peer] = await both();
    const characters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:';
    const keys = [
      'k.k',
      '...',
      'k'.repeat(255),
      `${characters}${characters}`,
      characters.repeat(4).slice(0, 255),
    ];
    for (const [index, key] of keys.entries()) {
      await client.setUint32(key, index);
      expect((await peer.get(key)).value).toEqual(bytesOf({ type: 'uint32', value: index }));
      expect(await peer.setUint32(key, index + 100)).toBe(CS_OK);
      expect(await client.getUint32(key)).toBe(index + 100);
      expect((await collect(client.keys(key))).map((info) => info.key)).toContain(key);
      expect(await peer.delete(key)).toBe(CS_OK);
    }
  });

  const WRAPS = [
    ['int8', -128, 127],
    ['uint8', 0, 255],
    ['int16', -32768, 32767],
    ['uint16', 0, 65535],
    ['int32', -(2 ** 31), 2 ** 31 - 1],
    ['uint32', 0, 2 ** 32 - 1],
    ['int64', -(2n ** 63n), 2n ** 63n - 1n],
    ['uint64', 0n, 2n ** 64n - 1n],
  ] as const;

  it.each(WRAPS)('%s wraps around from %s to %s, in ours as in libcmap', async (type, least, most) => {
    const [client, peer] = await both();
    for (const [up, down] of [
      [() => client.increment('test.wrap'), () => client.decrement('test.wrap')],
      [() => client.adjust('test.wrap', 1), () => client.adjust('test.wrap', -1)],
      [() => peer.inc('test.wrap'), () => peer.dec('test.wrap')],
    ] as const) {
      await client.set('test.wrap', { type, value: most } as KnownValue);
      await up();
      expect(await client.get('test.wrap')).toEqual({ type, value: least });
      await down();
      expect(await client.get('test.wrap')).toEqual({ type, value: most });
    }
  });

  it.each(WRAPS.slice(0, 6))(
    '%s adjusted by any int32 is taken modulo its size',
    async (type, least, most) => {
      const client = await suite.connect();
      const [low, size] = [Number(least), Number(most) - Number(least) + 1];
      for (const step of [2 ** 31 - 1, -(2 ** 31), 300, -70_000, 0]) {
        await client.set('test.adjust', { type, value: 100 } as KnownValue);
        await client.adjust('test.adjust', step);
        const expected = ((((100 + step - low) % size) + size) % size) + low;
        expect(await client.get('test.adjust')).toEqual({ type, value: expected });
      }
    },
  );

  it('lists what libcmap and corosync-cmapctl list', async () => {
    const [client, peer] = await both();
    for (const [index, value] of EXTREME_VALUES.entries()) await client.set(`test.list.${index}`, value);
    const ours = await collect(client.keys());
    expect(
      ours.map(({ key, type, valueLength }) => ({ key, length: valueLength, type: code(type) })),
    ).toEqual((await peer.iter('')).keys);
    const { stdout } = await run('corosync-cmapctl', [], { maxBuffer: 2 ** 24, encoding: 'latin1' });
    const printed = [...stdout.matchAll(/^(\S+) \((\w+)\)/gm)].map(([, key, type]) => `${key} ${type}`);
    const names: Record<string, string> = { string: 'str', float: 'flt', double: 'dbl', binary: 'bin' };
    const short = (type: string): string => names[type] ?? type.replace('uint', 'u').replace('int', 'i');
    expect(ours.map(({ key, type }) => `${key} ${short(type)}`)).toEqual(printed);
    const entries = await collect(client.entries());
    expect(entries.map(({ key }) => key)).toEqual(ours.map(({ key }) => key));
    for (const [index, value] of EXTREME_VALUES.entries()) {
      const key = `test.list.${index}`;
      expect(entries.find((entry) => entry.key === key)?.value).toEqual(asRead(value));
      await client.delete(key);
    }
  });
});

/** Every legal sum of DELETE 1, MODIFY 2, ADD 4 and PREFIX 8 that can fire: 1 to 7 and 9 to 15. */
const TRACK_TYPES = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15];

describeOnCorosync('our trackers and those of libcmap', (suite) => {
  const END = 'zzz.end';
  const KEYS = ['test.a', 'test.a.b', 'test.a.c', 'test.b', 'tesu.a', 'other.key'];
  /** Exact, prefix, everything, several on one key. */
  const TRACKED = ['test.a', 'test.a.b', 'test.a', 'test.', 'tes', '', 'test.a.b', 'no.such'];

  it.each(TRACK_TYPES)('type %i: both see the same changes in the same order', async (type) => {
    const [client, peer] = [await suite.connect(), await suite.peer()];
    const [writer, cWriter] = [await suite.connect(), await suite.peer()];
    const random = new Random(SEED + type);
    const ours: string[] = [];
    const theirHandles: bigint[] = [];
    const tracked = type < CMAP_TRACK.prefix ? TRACKED.filter((key) => key !== '') : TRACKED;
    for (const [index, key] of tracked.entries()) {
      await client.track(key, {
        prefix: type >= CMAP_TRACK.prefix,
        events: eventsOf(type),
        listener: (event) => {
          if (event.kind === 'notification') ours.push(describeOurs(index, event));
        },
      });
      const { code, handle } = await peer.trackAdd(key, type);
      expect(code).toBe(CS_OK);
      theirHandles.push(handle);
    }

    for (let step = 0; step < 200; step++) await change(random, random.pick([writer, cWriter, client, peer]));
    await Promise.all(KEYS.map((key) => writer.delete(key).catch(() => undefined)));
    await bothHaveSeen(client, peer, END);
    const seen = ours.filter((line) => !line.includes(END));
    const libcmap = peer.notifications.filter(({ key }) => key !== END);
    expect(seen).toEqual(libcmap.map((told) => describeTheirs(theirHandles.indexOf(told.handle), told)));
    expect(seen.length).toBeGreaterThan(20);
    expect(new Set(seen.map((line) => Number(line.split(' ')[1])))).toEqual(
      new Set([1, 2, 4].filter((bit) => (type & bit) !== 0)),
    );
  });

  /** Changes of one connection come in order: those before the end are there when the end is. */
  async function bothHaveSeen(client: CmapClient, peer: CmapPeer, key: string): Promise<void> {
    const end = await client.track(key);
    await peer.trackAdd(key, CMAP_TRACK.add);
    await client.setUint8(key, 1);
    await new EventReader(end).notification();
    await waitUntil('libcmap has seen the end', () => peer.notifications.some((told) => told.key === key));
    await client.delete(key);
  }

  async function change(random: Random, who: CmapClient | CmapPeer): Promise<void> {
    const key = random.pick(KEYS);
    const value: KnownValue = random.pick<KnownValue>([
      { type: 'uint32', value: random.below(3) },
      { type: 'uint8', value: random.below(3) },
      { type: 'string', value: 'v'.repeat(random.below(400)) },
      { type: 'binary', value: new Uint8Array(random.below(16384)) },
    ]);
    const action = random.below(10);
    // What the change's outcome is does not matter here: errors are compared elsewhere.
    if ('notifications' in who) {
      if (action < 6) await setByPeer(who, key, value);
      else if (action < 9) await who.delete(key);
      else await who.inc(key);
    } else if (action < 6) await who.set(key, value);
    else if (action < 9) await who.delete(key).catch(() => undefined);
    else await who.increment(key).catch(() => undefined);
  }
});

/** What a float is after it has been stored with 32 bits. */
function asRead(value: KnownValue): KnownValue {
  return value.type === 'float' ? { type: 'float', value: Math.fround(value.value) } : value;
}

function code(type: string): number {
  return CMAP_TYPES[type as keyof typeof CMAP_TYPES];
}

function eventsOf(type: number): CmapChange[] {
  return (['delete', 'modify', 'add'] as const).filter((event) => (type & CMAP_TRACK[event]) !== 0);
}

function describeOurs(tracker: number, { change: event, key, newValue, oldValue }: CmapNotification): string {
  const [now, before] = [wireOf(newValue), wireOf(oldValue)];
  return describeChange(tracker, eventCode(event), key, now.type, now.bytes, before.type, before.bytes);
}

function describeTheirs(tracker: number, told: PeerNotification): string {
  const { event, key, newType, newValue, oldType, oldValue } = told;
  return describeChange(tracker, event, key, newType, newValue, oldType, oldValue);
}

function describeChange(
  tracker: number,
  event: number,
  key: string,
  newType: number,
  newValue: Buffer,
  oldType: number,
  oldValue: Buffer,
): string {
  const values = [newType, newValue.toString('hex'), oldType, oldValue.toString('hex')];
  return [tracker, event, key, ...values].join(' ');
}
