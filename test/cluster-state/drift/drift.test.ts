import { describe, expect, it } from 'vitest';
import { driftBetween } from '../../../src/cluster/drift/drift.ts';
import { settingsOfFile, settingsOfMap } from '../../../src/cluster/drift/settings.ts';
import { MapReader } from '../../../src/cluster/map-reader.ts';
import { parseMain } from '../../../src/conf/files.ts';
import type { ClusterConfigDrift } from '../../../src/index.ts';
import { mapOf } from '../reports.ts';

const NODES = `nodelist {
  node {
    ring0_addr: 10.0.0.1
    name: a
    nodeid: 1
  }
  node {
    nodeid: 2
    name: b
    ring0_addr: 10.0.0.2
    ring1_addr: 10.1.0.2
  }
}
`;
const FILE = `totem {
  version: 2
  cluster_name: shop
  token: 03000
  interface {
    linknumber: 0
    knet_link_priority: 3
  }
}
quorum {
  provider: corosync_votequorum
  expected_votes: 2
  device {
    votes: 1
    model: net
    net {
      host: 10.0.0.9
    }
  }
}
logging {
  debug: on
}
`;
/** As corosync 3.1.7 makes it of that. */
const MAP = {
  'totem.version': 2,
  'totem.cluster_name': 'shop',
  'totem.token': 3000,
  'totem.interface.0.bindnetaddr': '10.0.0.1',
  'totem.interface.0.knet_link_priority': 3,
  'quorum.provider': 'corosync_votequorum',
  'quorum.expected_votes': 2,
  'quorum.device.votes': 1,
  'quorum.device.model': 'net',
  'quorum.device.net.host': '10.0.0.9',
  'logging.debug': 'on',
  'nodelist.local_node_pos': 0,
  'nodelist.node.0.nodeid': 1,
  'nodelist.node.0.name': 'a',
  'nodelist.node.0.ring0_addr': '10.0.0.1',
  'nodelist.node.1.nodeid': 2,
  'nodelist.node.1.name': 'b',
  'nodelist.node.1.ring0_addr': '10.0.0.2',
  'nodelist.node.1.ring1_addr': '10.1.0.2',
};

function drift(
  file: string,
  change: Readonly<Record<string, string | number | bigint>> = {},
): readonly ClusterConfigDrift[] {
  const running = settingsOfMap(new MapReader(mapOf({ ...MAP, ...change })));
  return driftBetween(settingsOfFile(parseMain(file)), running);
}

describe('what corosync.conf says and what corosync runs with', () => {
  it('are the same after a start', () => {
    expect(drift(FILE + NODES)).toEqual([]);
  });

  it('differ by values, with both of them, and by those that only one of them has', () => {
    const file = FILE.replace('token: 03000', 'token: 5000\n  config_version: 7').replace(
      '  expected_votes: 2\n',
      '',
    );
    expect(drift(file + NODES)).toEqual([
      { key: 'totem.config_version', file: '7' },
      { key: 'totem.token', file: '5000', running: '3000' },
      { key: 'quorum.expected_votes', running: '2' },
    ]);
  });

  it('differ by nodes, which are told apart by their ids: their order means nothing', () => {
    const swapped = `nodelist {
  node {
    nodeid: 3
    ring0_addr: 10.0.0.3
  }
  node {
    nodeid: 2
    name: b
    ring0_addr: 10.0.0.2
    ring1_addr: 10.1.0.22
    quorum_votes: 2
  }
}
`;
    expect(drift(FILE + swapped)).toEqual([
      { key: 'nodelist.node.nodeid', nodeId: 1, running: '1' },
      { key: 'nodelist.node.ring1_addr', nodeId: 2, file: '10.1.0.22', running: '10.1.0.2' },
      { key: 'nodelist.node.quorum_votes', nodeId: 2, file: '2' },
      { key: 'nodelist.node.nodeid', nodeId: 3, file: '3' },
    ]);
  });

  it('take the last of several lines, and leave out what is empty', () => {
    const file = FILE.replace('token: 03000', 'token: 1\n  token: 3000\n  ip_version:');
    expect(drift(file + NODES)).toEqual([]);
  });

  it('do not compare nodes that cannot be told apart', () => {
    const nameless = NODES.replace('nodeid: 1', 'name: x');
    const twice = NODES.replace('nodeid: 1', 'nodeid: 2');
    const nested = NODES.replace('name: a', 'sub {\n name: x\n }');
    const two = NODES + NODES.replaceAll(' 1', ' 4').replaceAll(' 2', ' 5');
    for (const nodes of [nameless, twice, nested, two]) {
      expect(parseMain(nodes).fault).toBeUndefined();
      expect(drift(FILE + nodes)).toEqual([]);
    }
  });

  it('are compared without what says nothing: logging, interfaces and secrets', () => {
    const file = FILE.replace('debug: on', 'debug: off')
      .replace('priority: 3', 'priority: 4')
      .replace('version: 2', 'version: 2\n  key: secret');
    expect(drift(file + NODES)).toEqual([]);
  });
});
