import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CmapClient, type CmapValue, type ReadOnlyCmapClient } from '../../src/index.ts';
import { MapCache } from '../../src/cluster/map-cache.ts';
import { FakeCorosync } from '../../src/testing/index.ts';

const NAME = 'nodelist.node.0.name';
const STATUS = 'runtime.members.1.status';
const text = (value: string): CmapValue => ({ type: 'string', value });

let fake: FakeCorosync;
let client: CmapClient;
/** What has been listed. */
let listed: string[];
let cache: MapCache;

beforeEach(async () => {
  fake = await FakeCorosync.start({ entries: { [NAME]: text('n1'), [STATUS]: text('joined') } });
  client = await CmapClient.connect(fake.connectOptions);
  listed = [];
  cache = new MapCache();
});

afterEach(async () => {
  await client.close();
  await fake.stop();
});

/** @param meanwhile is called before each list */
async function read(meanwhile = (): void => undefined): Promise<Record<string, unknown>> {
  const watched = {
    get: client.get.bind(client),
    entries: (...args: Parameters<CmapClient['entries']>) => {
      listed.push(args[0] ?? '');
      meanwhile();
      return client.entries(...args);
    },
  } as unknown as ReadOnlyCmapClient;
  const entries = await cache.read(watched, {});
  return Object.fromEntries([...entries].map(([key, { value }]) => [key, value]));
}

describe('MapCache', () => {
  it('lists each prefix once', async () => {
    expect(await read()).toEqual({ [NAME]: 'n1', [STATUS]: 'joined' });
    expect(await read()).toEqual({ [NAME]: 'n1', [STATUS]: 'joined' });
    expect(listed.sort()).toEqual(['nodelist.node.', 'runtime.members.']);
  });

  it('knows what it is told of their keys', async () => {
    await read();
    cache.changed(NAME, text('renamed'));
    cache.changed(STATUS, undefined);
    cache.changed('runtime.members.2.status', text('joined'));
    cache.changed('nodelist.local_node_pos', { type: 'uint32', value: 0 });
    expect(await read()).toEqual({ [NAME]: 'renamed', 'runtime.members.2.status': 'joined' });
    expect(listed).toHaveLength(2);
  });

  it('does not keep a list during which it was told of something: it may be older', async () => {
    await read(() => cache.changed(NAME, text('what it had before')));
    expect(await read()).toMatchObject({ [NAME]: 'n1' });
    expect(listed.filter((prefix) => prefix === 'nodelist.node.')).toHaveLength(2);
  });

  it('does not give its own away', async () => {
    const before = await cache.read(client, {});
    cache.changed(NAME, text('renamed'));
    expect(before.get(NAME)).toEqual(text('n1'));
  });
});
