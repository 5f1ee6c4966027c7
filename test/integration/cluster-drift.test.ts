import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CfgClient, Cluster, type ClusterEvent, type ClusterState } from '../../src/index.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** All that is compared, as far as a corosync of one node can run with it. */
const CONFIG = {
  totem:
    'config_version: 3\n  token: 1500\n  token_retransmits_before_loss_const: 4\n  join: 60\n  consensus: 2000\n' +
    '  max_messages: 20\n  token_coefficient: 0\n  link_mode: passive\n  knet_pmtud_interval: 40\n  ip_version: ipv4\n' +
    '  interface {\n    linknumber: 0\n    knet_link_priority: 2\n  }',
  quorum: 'expected_votes: 1\n  wait_for_all: 0\n  auto_tie_breaker: 0\n  last_man_standing: 0',
};
const SOON = { timeoutMs: 30_000 };

let corosync: PrivateCorosync;
let configFile: string;

const read = (): string => readFileSync(configFile, 'utf8');

function edit(from: string, to: string): void {
  const text = read();
  expect(text).toContain(from);
  writeFileSync(configFile, text.replace(from, to));
}

/** After the file has rested. */
async function drift(): Promise<ClusterState['config']['drift']> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  try {
    return (await Cluster.snapshot({ configFile })).config.drift;
  } finally {
    vi.useRealTimers();
  }
}

async function reload(): Promise<void> {
  await using cfg = await CfgClient.connect();
  await cfg.reloadConfig();
}

describeIntegration('the drift of corosync.conf', () => {
  beforeEach(async () => {
    corosync = await PrivateCorosync.start({ config: CONFIG });
    configFile = join(corosync.directory, 'corosync.conf');
  });

  afterEach(async () => {
    rmSync('/etc/corosync/corosync.conf', { force: true });
    await corosync.stop();
  });

  it('is none after a start, is there after an edit, and is gone after a reload', async () => {
    expect(await drift()).toEqual([]);
    edit('config_version: 3\n  token: 1500', 'config_version: 4\n  token: 1700');
    edit('name: node1', 'name: eins');
    edit('  wait_for_all: 0\n', '');
    expect(await drift()).toEqual([
      { key: 'totem.config_version', file: '4', running: '3' },
      { key: 'totem.token', file: '1700', running: '1500' },
      { key: 'quorum.wait_for_all', running: '0' },
      { key: 'nodelist.node.name', nodeId: 1, file: 'eins', running: 'node1' },
    ]);
    await reload();
    expect(await drift()).toEqual([]);
  });

  it('stays after a reload where only a restart changes something', async () => {
    edit('cluster_name: private', 'cluster_name: other');
    edit('ip_version: ipv4', 'ip_version: ipv6-4');
    await reload();
    expect(await drift()).toEqual([
      { key: 'totem.cluster_name', file: 'other', running: 'private' },
      { key: 'totem.ip_version', file: 'ipv6-4', running: 'ipv4' },
    ]);
  });

  it('has nodes that are configured only', async () => {
    edit(
      'ring0_addr: 127.0.0.1\n  }',
      'ring0_addr: 127.0.0.1\n  }\n  node {\n    nodeid: 2\n    ring0_addr: 127.0.0.2\n  }',
    );
    expect(await drift()).toEqual([{ key: 'nodelist.node.nodeid', nodeId: 2, file: '2' }]);
    await reload();
    expect(await drift()).toEqual([]);
  });

  it('is told, and what a client sets is drift, too', async () => {
    mkdirSync('/etc/corosync', { recursive: true });
    copyFileSync(configFile, '/etc/corosync/corosync.conf');
    await using cluster = Cluster.open();
    const told: ClusterEvent[] = [];
    cluster.events({ types: ['config.drift', 'reload.ok'], listener: (event) => told.push(event) });
    await cluster.ready();
    await waitUntil('the file has rested', () => cluster.state?.config.drift !== undefined, SOON);
    expect(cluster.state?.config.drift).toEqual([]);
    execFileSync('corosync-cmapctl', ['-s', 'totem.token', 'u32', '1600']);
    await waitUntil('it is told', () => told.length > 0, SOON);
    expect(told).toMatchObject([
      { type: 'config.drift', drift: [{ key: 'totem.token', file: '1500', running: '1600' }] },
    ]);
    await reload();
    await waitUntil('the reload is told', () => told.length > 1, SOON);
    expect(told[1]).toMatchObject({ type: 'reload.ok', state: { config: { drift: [] } } });
  });
});
