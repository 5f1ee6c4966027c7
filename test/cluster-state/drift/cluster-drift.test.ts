import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Cluster, CmapClient, type ClusterEvent } from '../../../src/index.ts';
import { FakeCluster } from '../../../src/testing/index.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** It is looked at each five seconds. */
const SOON = { timeoutMs: 25_000 };

let fake: FakeCluster;
let directory: string;
let configFile: string;

beforeEach(async () => {
  fake = await FakeCluster.start({ configVersion: 4 });
  directory = mkdtempSync(join(tmpdir(), 'corosync-client-'));
  configFile = join(directory, 'corosync.conf');
});

afterEach(async () => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
  await fake.stop();
});

/** The file of the fake. @param more lines of its totem section */
async function write(more = ''): Promise<void> {
  await using cmap = await CmapClient.connect(fake.connectOptions);
  const sections = new Map<string, string[]>();
  for await (const { key, value } of cmap.entries()) {
    const [, section = '', name = ''] = /^(totem|quorum|nodelist\.node\.\d+)\.([^.]+)$/.exec(key) ?? [];
    if (section !== '')
      sections.set(section, [...(sections.get(section) ?? []), `${name}: ${String(value.value)}`]);
  }
  const block = (name: string, lines: readonly string[]): string => `${name} {\n${lines.join('\n')}\n}\n`;
  const nodes = [...sections].filter(([name]) => name.startsWith('node'));
  const text = [
    block('totem', [...(sections.get('totem') ?? []), more]),
    block('quorum', sections.get('quorum') ?? []),
    block(
      'nodelist',
      nodes.map(([, lines]) => block('node', lines)),
    ),
  ];
  writeFileSync(configFile, text.join(''));
}

/** What has been written just now has rested. */
function letRest(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
}

it('a snapshot says where the file differs', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  await write();
  expect((await Cluster.snapshot({ ...fake.connectOptions, configFile })).config.drift).toBeUndefined();
  letRest();
  expect((await Cluster.snapshot({ ...fake.connectOptions, configFile })).config.drift).toEqual([]);
  await write('token: 7000');
  const { config } = await Cluster.snapshot({ ...fake.connectOptions, configFile });
  expect(config).toMatchObject({ version: 4n, drift: [{ key: 'totem.token', file: '7000' }] });
  expect((await Cluster.snapshot(fake.connectOptions)).config.drift).toBeUndefined();
});

it('a cluster that is open tells of it, and when it is over', async () => {
  await write();
  letRest();
  await using cluster = Cluster.open({ ...fake.connectOptions, configFile });
  const told: ClusterEvent[] = [];
  cluster.events({ listener: (event) => told.push(event) });
  await cluster.ready();
  expect(cluster.state?.config.drift).toEqual([]);
  await write('token: 7000');
  await waitUntil('the file differs', () => told.some(({ type }) => type === 'config.drift'), SOON);
  expect(told.at(-1)).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('totem.token is 7000 in the file and') as string,
    drift: [{ key: 'totem.token', file: '7000' }],
    state: { config: { drift: [{ key: 'totem.token' }] } },
  });
  await write();
  const isOfDrift = ({ type }: ClusterEvent): boolean => type === 'config.drift';
  await waitUntil('it does not any more', () => told.filter(isOfDrift).length === 2, SOON);
  expect(told.at(-1)).toMatchObject({ severity: 'notice', drift: [], state: { config: { drift: [] } } });
});

it('a cluster that is open tells of a mistake in the file, and that it is mended', async () => {
  await write();
  letRest();
  await using cluster = Cluster.open({ ...fake.connectOptions, configFile });
  const told: ClusterEvent[] = [];
  cluster.events({ types: ['config.mistake', 'config.drift'], listener: (event) => told.push(event) });
  await cluster.ready();
  await write('token');
  await waitUntil('it has a mistake', () => told.length > 0, SOON);
  const mistake = { line: expect.any(Number) as number, reason: expect.any(String) as string };
  expect(told[0]).toMatchObject({
    type: 'config.mistake',
    severity: 'warning',
    mistake,
    state: { config: { mistake } },
  });
  expect(cluster.state?.config).not.toHaveProperty('drift');
  await write();
  await waitUntil('it has none', () => told.length > 1, SOON);
  expect(told[1]).toMatchObject({
    type: 'config.mistake',
    severity: 'notice',
    state: { config: { drift: [] } },
  });
  expect(told).toHaveLength(2);
});

it('what no event tells may have changed since it was asked for last', async () => {
  await write();
  letRest();
  await using cmap = await CmapClient.connect(fake.connectOptions);
  await using cluster = Cluster.open({ ...fake.connectOptions, configFile });
  const told: ClusterEvent[] = [];
  cluster.events({ types: ['config.drift'], listener: (event) => told.push(event) });
  await cluster.ready();
  expect(cluster.state?.config.drift).toEqual([]);
  const changedAt = Date.now();
  await cmap.setUint32('quorum.leaving_timeout', 7);
  vi.setSystemTime(changedAt + 600_000);
  const asked = (): number => cluster.state?.ipc?.roundTrips?.count ?? 0;
  const before = asked();
  // Votes and links are asked for one after the other.
  await waitUntil('all else is confirmed', () => asked() >= before + 4, SOON);
  await cmap.setUint32('totem.token', 1234);
  await waitUntil('it is told', () => told.length > 0, SOON);
  expect(told[0]).toMatchObject({ drift: [{ key: 'totem.token' }, { key: 'quorum.leaving_timeout' }] });
  expect(Number(told[0]?.notBefore)).toBeLessThanOrEqual(changedAt);
});

it('a cluster that is open finds what no event tells: that a key of quorum is again what it was', async () => {
  await write();
  letRest();
  await using cmap = await CmapClient.connect(fake.connectOptions);
  await cmap.setUint32('quorum.leaving_timeout', 7);
  await using cluster = Cluster.open({ ...fake.connectOptions, configFile });
  await cluster.ready();
  expect(cluster.state?.config.drift).toEqual([{ key: 'quorum.leaving_timeout', running: '7' }]);
  await cmap.delete('quorum.leaving_timeout');
  await waitUntil('it does not any more', () => cluster.state?.config.drift?.length === 0, SOON);
});
