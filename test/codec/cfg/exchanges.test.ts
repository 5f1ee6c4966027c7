import { describe, expect, it } from 'vitest';
import { GetNodeAddrsRequest } from '../../../src/codec/cfg/get-node-addrs.ts';
import { KillNodeRequest } from '../../../src/codec/cfg/kill-node.ts';
import { LocalGetRequest } from '../../../src/codec/cfg/local-get.ts';
import { NodeStatusGetRequest } from '../../../src/codec/cfg/node-status-get.ts';
import { ReloadConfigRequest } from '../../../src/codec/cfg/reload-config.ts';
import { ReopenLogFilesRequest } from '../../../src/codec/cfg/reopen-log-files.ts';
import { ReplyToShutdownRequest } from '../../../src/codec/cfg/reply-to-shutdown.ts';
import { RingStatusGetRequest } from '../../../src/codec/cfg/ring-status-get.ts';
import { TrackStartRequest, TrackStopRequest } from '../../../src/codec/cfg/track.ts';
import { TryShutdownRequest } from '../../../src/codec/cfg/try-shutdown.ts';
import type { RequestMessage } from '../../../src/codec/message.ts';
import { encodeAmongDirt } from '../../helpers/memory/memory-stage.ts';
import {
  resCfgGetNodeAddrs,
  resCfgNodestatusgetV1,
  resCfgRingstatusget,
  type LinkFields,
} from '../../helpers/wire/cfg-messages.ts';
import type { MessageFields } from '../../helpers/wire/message-builder.ts';
import { answered, describeCalls, malformed, unencodable } from '../service-suite.ts';

const WITHOUT_FIELDS: Readonly<Record<number, () => RequestMessage<unknown>>> = {
  0: () => new RingStatusGetRequest(),
  6: () => new LocalGetRequest(),
  7: () => new ReloadConfigRequest(),
  8: () => new ReopenLogFilesRequest(),
  11: () => new TrackStopRequest(),
};
const KINDS = ['request', 'regardless', 'immediate'] as const;

function requestFor(fields: MessageFields): RequestMessage<unknown> {
  switch (fields.message) {
    case 'reqCfgKillnode':
      return new KillNodeRequest(fields.nodeId, fields.reason);
    case 'reqCfgTryshutdown':
      return new TryShutdownRequest(KINDS[fields.flags] ?? 'request');
    case 'reqCfgReplytoshutdown':
      return new ReplyToShutdownRequest(fields.response === 1);
    case 'reqCfgGetNodeAddrs':
      return new GetNodeAddrsRequest(fields.nodeId);
    case 'reqCfgNodestatusget':
      return new NodeStatusGetRequest(fields.nodeId);
    case 'reqCfgTrackstart':
      return new TrackStartRequest();
    default: {
      const make = fields.message === 'reqHeaderOnly' ? WITHOUT_FIELDS[fields.id] : undefined;
      if (make === undefined) throw new Error(`${JSON.stringify(fields)} is no request of cfg`);
      return make();
    }
  }
}

function expectedLink(link: LinkFields): unknown {
  return {
    enabled: link.enabled === 1,
    connected: link.connected === 1,
    dynamicallyConnected: link.dynconnected === 1,
    mtu: link.mtu,
    sourceAddress: link.source,
    destinationAddress: link.destination,
  };
}

function expectedAnswer(fields: MessageFields): unknown {
  switch (fields.message) {
    case 'resHeaderOnly':
      return undefined;
    case 'resCfgRingstatusget':
      return fields.interfaces;
    case 'resCfgNodestatusgetV1':
      return {
        nodeId: fields.nodeId,
        reachable: fields.reachable === 1,
        remote: fields.remote === 1,
        external: fields.external === 1,
        onwireMin: fields.onwireMin,
        onwireMax: fields.onwireMax,
        onwireVersion: fields.onwireVersion,
        links: fields.links.map(expectedLink),
      };
    case 'resCfgGetNodeAddrs':
      return {
        family: fields.family === 2 ? 'ipv4' : 'ipv6',
        addresses: fields.addresses.map((address) => Uint8Array.from(Buffer.from(address, 'hex'))),
      };
    case 'resCfgLocalGet':
      return fields.nodeId;
    default:
      throw new Error(`${fields.message} is no answer of cfg`);
  }
}

describeCalls({
  service: 'cfg',
  requestFor,
  expectedAnswer,
  notOurs: {
    track: 'corosync does not look at the flags, so there is no choice',
    'node status, no such version': 'there is no such version',
  },
  operations: [
    'corosync_cfg_get_node_addrs',
    'corosync_cfg_kill_node',
    'corosync_cfg_local_get',
    'corosync_cfg_node_status_get',
    'corosync_cfg_reload_config',
    'corosync_cfg_reopen_log_files',
    'corosync_cfg_replyto_shutdown',
    'corosync_cfg_ring_status_get',
    'corosync_cfg_trackstart',
    'corosync_cfg_trackstop',
    'corosync_cfg_try_shutdown',
  ],
  changing: [
    'corosync_cfg_kill_node',
    'corosync_cfg_reload_config',
    'corosync_cfg_reopen_log_files',
    'corosync_cfg_replyto_shutdown',
    'corosync_cfg_try_shutdown',
  ],
  variable: ['corosync_cfg_get_node_addrs'],
});

describe('requests of cfg', () => {
  it('name in their errors what they are about', () => {
    const requests = [new KillNodeRequest(7, 'why'), new GetNodeAddrsRequest(7), new NodeStatusGetRequest(7)];
    for (const { key } of requests) expect(key).toBe('node 7');
  });

  // From the offsets of the C structs, not from the builder.
  it.each([
    [new RingStatusGetRequest(), 16, 0, {}],
    [new KillNodeRequest(0xffff_ffff, 'abcd'), 288, 2, { 16: 0xffff_ffff, 24: 0x6261_0005, 28: 0x6463 }],
    [new KillNodeRequest(1, 'r'.repeat(255)), 288, 2, { 24: 0x7272_0100, 276: 0x7272_7272, 280: 0x72 }],
    [new TryShutdownRequest('request'), 24, 3, { 16: 0 }],
    [new TryShutdownRequest('regardless'), 24, 3, { 16: 1 }],
    [new TryShutdownRequest('immediate'), 24, 3, { 16: 2 }],
    [new ReplyToShutdownRequest(false), 24, 4, { 16: 0 }],
    [new ReplyToShutdownRequest(true), 24, 4, { 16: 1 }],
    [new GetNodeAddrsRequest(7), 24, 5, { 16: 7 }],
    [new LocalGetRequest(), 16, 6, {}],
    [new ReloadConfigRequest(), 16, 7, {}],
    [new ReopenLogFilesRequest(), 16, 8, {}],
    [new NodeStatusGetRequest(7), 32, 9, { 16: 7, 24: 1 }],
    [new TrackStartRequest(), 24, 10, { 16: 4 }],
    [new TrackStopRequest(), 16, 11, {}],
  ] as const)(
    '%o has %d bytes, id %d, its fields where the C struct has them',
    (request, size, id, words) => {
      const bytes = encodeAmongDirt(request);
      expect([bytes.length, bytes.readInt32LE(0), bytes.readInt32LE(8)]).toEqual([size, id, size]);
      const found = Object.keys(words).map((offset) => [offset, bytes.readUInt32LE(Number(offset))]);
      expect(Object.fromEntries(found)).toEqual(words);
    },
  );

  it.each([
    ['has 256 bytes', 'r'.repeat(256)],
    ['has 256 bytes in fewer characters', 'ü'.repeat(128)],
    ['has a NUL', 'a\0b'],
  ])('are not made with a reason that %s', (_what, reason) => {
    expect(() => new KillNodeRequest(1, reason)).toThrow(unencodable);
  });

  it.each([-1, 1.5, NaN, 2 ** 32])('are not made for node %d', (nodeId) => {
    for (const make of [
      () => new KillNodeRequest(nodeId, ''),
      () => new GetNodeAddrsRequest(nodeId),
      () => new NodeStatusGetRequest(nodeId),
    ])
      expect(make).toThrow(unencodable);
  });

  it('say which of them are answered after others', () => {
    const later = [new TryShutdownRequest('request'), new ReloadConfigRequest()];
    expect(later.map(({ answer }) => answer)).toEqual(['later', 'later']);
  });
});

const LINK: LinkFields = {
  enabled: 1,
  connected: 0,
  dynconnected: 1,
  mtu: 0xffff_ffff,
  source: 's'.repeat(255),
  destination: '',
};
const STATUS = {
  error: 1,
  version: 1,
  nodeId: 0xffff_ffff,
  reachable: 1,
  remote: 0,
  external: 1,
  onwireMin: 1,
  onwireMax: 255,
  onwireVersion: 2,
  links: Array.from({ length: 8 }, (_, link) => ({ ...LINK, mtu: link })),
};

describe('answers of cfg', () => {
  it('of node status have their fields where the C structs have them', () => {
    const bytes = Buffer.alloc(4200);
    bytes.writeInt32LE(16, 0);
    bytes.writeInt32LE(4200, 8);
    bytes.writeInt32LE(1, 16);
    bytes.writeUInt32LE(1, 24);
    bytes.writeUInt32LE(9, 28);
    bytes.set([0, 1, 0, 3, 4, 5], 32);
    bytes.set([0, 1, 0], 40 + 7 * 520);
    bytes.writeUInt32LE(1500, 44 + 7 * 520);
    bytes.write('source', 48 + 7 * 520);
    bytes.write('destination', 304 + 7 * 520);
    expect(answered(new NodeStatusGetRequest(9), bytes).value).toMatchObject({
      nodeId: 9,
      reachable: false,
      remote: true,
      external: false,
      onwireMin: 3,
      onwireMax: 4,
      onwireVersion: 5,
      links: [
        ...Array.from({ length: 7 }, () => ({ enabled: false, mtu: 0, sourceAddress: '' })),
        {
          enabled: false,
          connected: true,
          dynamicallyConnected: false,
          mtu: 1500,
          sourceAddress: 'source',
          destinationAddress: 'destination',
        },
      ],
    });
  });

  it('of node status say all that was sent', () => {
    const bytes = resCfgNodestatusgetV1(STATUS).toBytes();
    expect(answered(new NodeStatusGetRequest(1), bytes).value).toEqual(
      expectedAnswer({ message: 'resCfgNodestatusgetV1', ...STATUS }),
    );
  });

  it.each([0, 2, 0xffff_ffff])('of node status in version %d are refused', (version) => {
    const bytes = resCfgNodestatusgetV1({ ...STATUS, version }).toBytes();
    expect(() => answered(new NodeStatusGetRequest(1), bytes)).toThrow(malformed);
  });

  it.each([48, 304, 48 + 7 * 520, 304 + 7 * 520])(
    'of node status with no end to the text at %d are refused',
    (offset) => {
      const bytes = resCfgNodestatusgetV1(STATUS).toBytes();
      bytes.fill('x', offset, offset + 256);
      expect(() => answered(new NodeStatusGetRequest(1), bytes)).toThrow(malformed);
    },
  );

  it('of node status with an error are 32 bytes, of which none is read', () => {
    const bytes = Buffer.alloc(32, 0xee);
    bytes.writeInt32LE(16, 0);
    bytes.writeInt32LE(32, 8);
    bytes.writeInt32LE(21, 16);
    expect(answered(new NodeStatusGetRequest(1), bytes)).toEqual({ error: 21 });
  });

  it('of ring status have up to 16 interfaces', () => {
    const interfaces = Array.from({ length: 16 }, (_, link) => ({
      name: `${link} ${'a'.repeat(100)}`,
      status: 'n'.repeat(511),
    }));
    const bytes = resCfgRingstatusget({ error: 1, interfaces }).toBytes();
    expect(answered(new RingStatusGetRequest(), bytes).value).toEqual(interfaces);
    expect([bytes.toString('latin1', 32, 34), bytes.toString('latin1', 2080, 2082)]).toEqual(['0 ', 'nn']);
    for (const count of [17, 0x7fff_ffff, 0xffff_ffff]) {
      bytes.writeUInt32LE(count, 24);
      expect(() => answered(new RingStatusGetRequest(), bytes)).toThrow(malformed);
    }
  });

  it('of ring status read nothing behind the last interface', () => {
    const bytes = resCfgRingstatusget({ error: 1, interfaces: [{ name: '0 a', status: 'n' }] }).toBytes();
    bytes.fill('x', 160, 2080).fill('x', 2592);
    expect(answered(new RingStatusGetRequest(), bytes).value).toEqual([{ name: '0 a', status: 'n' }]);
    bytes.writeUInt32LE(2, 24);
    expect(() => answered(new RingStatusGetRequest(), bytes)).toThrow(malformed);
  });

  it('of node addresses may have fewer of them than links', () => {
    const fields = { error: 1, family: 10, addresses: ['fd'.padEnd(32, '0')], links: 3 };
    const bytes = resCfgGetNodeAddrs(fields).toBytes();
    expect(bytes.length).toBe(80);
    expect(answered(new GetNodeAddrsRequest(1), bytes).value).toMatchObject({
      family: 'ipv6',
      addresses: [{ length: 16, 0: 0xfd }],
    });
  });

  it('of node addresses have no more of them than there are bytes and links', () => {
    const request = new GetNodeAddrsRequest(1);
    const eight = Array.from({ length: 8 }, () => '0a000001');
    const bytes = resCfgGetNodeAddrs({ error: 1, family: 2, addresses: eight, links: 8 }).toBytes();
    expect(answered(request, bytes).value).toMatchObject({ addresses: { length: 8 } });
    expect(request.maxResponseSize).toBe(bytes.length);
    const short = resCfgGetNodeAddrs({ error: 1, family: 2, addresses: ['0a000001'], links: 1 }).toBytes();
    for (const count of [2, 8, 9, 0x7fff_ffff, 0xffff_ffff]) {
      short.writeUInt32LE(count, 28);
      expect(() => answered(request, short)).toThrow(malformed);
    }
    const nine = Buffer.concat([bytes, Buffer.alloc(16)]);
    nine.writeInt32LE(nine.length, 8);
    nine.writeUInt32LE(9, 28);
    expect(() => answered(request, nine)).toThrow(malformed);
  });

  it('of node addresses keep a family that is not known, with all 16 bytes', () => {
    const fields = { error: 1, family: 1, addresses: ['01'.repeat(16)], links: 1 };
    expect(answered(new GetNodeAddrsRequest(1), resCfgGetNodeAddrs(fields).toBytes()).value).toEqual({
      family: 1,
      addresses: [new Uint8Array(16).fill(1)],
    });
  });
});
