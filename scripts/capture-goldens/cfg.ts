/**
 * Regenerates test/golden/cfg-exchanges.json from exchanges between libcfg and real corosyncs:
 *   scripts/in-namespaces.sh npx tsx scripts/capture-goldens/cfg.ts
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CfgPeer } from '../../test/helpers/corosync/cfg-peer.ts';
import { nodeAddresses, OtherNode } from '../../test/helpers/corosync/other-node.ts';
import { PrivateCorosync } from '../../test/helpers/corosync/private-corosync.ts';
import type { MessageFields } from '../../test/helpers/wire/message-builder.ts';
import { waitUntil } from '../../test/helpers/wait-until.ts';
import { captureRaw, PeerRings, ServiceCapture, type Chunks } from './capture.ts';

const CS_OK = 1;
const capture = new ServiceCapture('cfg');

/** One connected libcfg client and its rings. */
class Session {
  readonly peer: CfgPeer;
  readonly #prefix: string;
  readonly #rings: PeerRings;

  private constructor(peer: CfgPeer, rings: PeerRings, prefix: string) {
    this.peer = peer;
    this.#rings = rings;
    this.#prefix = prefix;
  }

  static async connect(prefix: string, corosync: PrivateCorosync): Promise<Session> {
    const peer = new CfgPeer();
    const { code } = await peer.connect();
    if (code !== CS_OK) throw new Error(`corosync_cfg_initialize: ${code}`);
    return new Session(peer, new PeerRings(corosync, peer, 'cfg'), prefix);
  }

  async ringStatus(name: string): Promise<void> {
    const { code, interfaces } = await this.peer.ringStatus();
    this.#add(name, 'ring_status_get()', `${code} ${JSON.stringify(interfaces)}`, this.#rings.take(), {
      requests: [{ message: 'reqHeaderOnly', id: 0 }],
      responses: [{ message: 'resCfgRingstatusget', error: code, interfaces }],
    });
  }

  async nodeStatus(name: string, nodeId: number): Promise<void> {
    const { code, status } = await this.peer.nodeStatus(nodeId);
    const shown = code === CS_OK ? JSON.stringify({ ...status, links: status.links.slice(0, 2) }) : '';
    const call = `node_status_get(${nodeId}, 1)`;
    this.#add(name, call, `${code} ${shown}`.trim(), this.#rings.take(), {
      requests: [{ message: 'reqCfgNodestatusget', nodeId, version: 1 }],
      responses: [
        code === CS_OK
          ? { ...status, message: 'resCfgNodestatusgetV1', error: code, version: 1 }
          : { message: 'resCfgNodestatusgetVersion', error: code },
      ],
    });
  }

  async nodeAddresses(name: string, nodeId: number): Promise<void> {
    const { code, addresses } = await this.peer.nodeAddresses(nodeId);
    const hex = addresses.map(({ address }) => address.toString('hex'));
    const family = addresses[0]?.family ?? 0;
    const chunks = this.#rings.take();
    const [response = Buffer.alloc(32)] = chunks.responses;
    // After an error the rest is whatever was in memory.
    const fields: MessageFields =
      code === CS_OK
        ? {
            message: 'resCfgGetNodeAddrs',
            error: code,
            family,
            addresses: hex,
            links: (response.length - 32) / 16,
          }
        : { message: 'resCfgGetNodeAddrsError', error: code };
    const shown = code === CS_OK ? `, ${family}, ${hex.join()}` : '';
    this.#add(name, `get_node_addrs(${nodeId})`, `${code}${shown}`, chunks, {
      requests: [{ message: 'reqCfgGetNodeAddrs', nodeId }],
      responses: [fields],
    });
  }

  async localNodeId(name: string): Promise<void> {
    const { code, nodeId } = await this.peer.localNodeId();
    this.#add(name, 'local_get()', `${code}, ${nodeId}`, this.#rings.take(), {
      requests: [{ message: 'reqHeaderOnly', id: 6 }],
      responses: [{ message: 'resCfgLocalGet', error: code, nodeId }],
    });
  }

  killNode(name: string, nodeId: number, reason: string): Promise<void> {
    const request: MessageFields = { message: 'reqCfgKillnode', nodeId, reason };
    return this.call(name, `kill_node(${nodeId}, "${reason}")`, request, 8, (peer) =>
      peer.killNode(nodeId, reason),
    );
  }

  trackStart(name: string, flags: number): Promise<void> {
    const request: MessageFields = { message: 'reqCfgTrackstart', flags };
    return this.call(name, `trackstart(${flags})`, request, 2, (peer) => peer.trackStart(flags));
  }

  trackStop(name: string): Promise<void> {
    const request: MessageFields = { message: 'reqHeaderOnly', id: 11 };
    return this.call(name, 'trackstop()', request, 3, (peer) => peer.trackStop());
  }

  tryShutdown(name: string, flags: number, events: MessageFields[] = []): Promise<void> {
    const request: MessageFields = { message: 'reqCfgTryshutdown', flags };
    return this.call(name, `try_shutdown(${flags})`, request, 9, (peer) => peer.tryShutdown(flags), events);
  }

  reloadConfig(name: string): Promise<void> {
    const request: MessageFields = { message: 'reqHeaderOnly', id: 7 };
    return this.call(name, 'reload_config()', request, 14, (peer) => peer.reloadConfig());
  }

  reopenLogFiles(name: string): Promise<void> {
    const request: MessageFields = { message: 'reqHeaderOnly', id: 8 };
    return this.call(name, 'reopen_log_files()', request, 15, (peer) => peer.reopenLogFiles());
  }

  /** libcfg says CS_OK whatever it is answered, so the error is read from the bytes. */
  async reply(name: string, response: number): Promise<void> {
    const code = await this.peer.replyToShutdown(response);
    const chunks = this.#rings.take();
    const error = chunks.responses[0]?.readInt32LE(16) ?? 0;
    this.#add(name, `replyto_shutdown(${response})`, `${code}`, chunks, {
      requests: [{ message: 'reqCfgReplytoshutdown', response }],
      responses: [{ message: 'resHeaderOnly', id: 13, error }],
    });
  }

  /** corosync asks, or (error 5) does not wait any longer. The C API does not show the error. */
  async asked(name: string, what: string, count: number, error: number): Promise<void> {
    const flags = (await this.peer.notified(count)).at(-1) ?? -1;
    const events: MessageFields[] = [{ message: 'resCfgTestshutdown', error, flags }];
    this.#add(name, what, '', this.#rings.take(), { events }, false);
  }

  /** Leaves out what has come so far. */
  skip(): void {
    this.#rings.take();
  }

  /** A call that is answered by its header alone. */
  async call(
    name: string,
    call: string,
    request: MessageFields,
    id: number,
    run: (peer: CfgPeer) => Promise<number>,
    events: MessageFields[] = [],
  ): Promise<void> {
    const code = await run(this.peer);
    this.#add(name, call, `${code}`, this.#rings.take(), {
      requests: [request],
      responses: [{ message: 'resHeaderOnly', id, error: code }],
      events,
    });
  }

  #add(
    name: string,
    call: string,
    result: string,
    chunks: Chunks,
    fields: { requests?: MessageFields[]; responses?: MessageFields[]; events?: MessageFields[] },
    isCall = true,
  ): void {
    capture.add(`${this.#prefix}${name}`, isCall ? `corosync_cfg_${call}` : call, result, chunks, fields);
  }
}

async function captureReads(session: Session): Promise<void> {
  await session.ringStatus('ring status');
  await session.nodeStatus('node status, this node', 1);
  await session.nodeAddresses('node addresses, this node', 0);
  await session.nodeAddresses('node addresses, by id', 1);
  await session.localNodeId('local node');
}

async function captureCalls(session: Session): Promise<void> {
  await captureReads(session);
  await session.nodeStatus('node status, no such node', 99);
  await session.nodeAddresses('node addresses, no such node', 99);
  await session.killNode('kill, no such node', 99, 'because');
  await session.killNode('kill, no reason', 4_294_967_295, '');
  await session.killNode('kill, longest reason', 99, 'r'.repeat(255));
  await session.killNode('kill, reason with other letters', 99, 'für ihn');
  await session.trackStop('trackstop, without start');
  await session.trackStart('track', 2);
  await session.trackStart('track twice', 4);
  await session.trackStop('trackstop');
  await session.reopenLogFiles('reopen log files');
  await session.reply('reply, nobody has asked', 1);
}

async function captureReload(session: Session, corosync: PrivateCorosync): Promise<void> {
  const conf = join(corosync.directory, 'corosync.conf');
  const good = readFileSync(conf, 'utf8');
  await session.reloadConfig('reload');
  writeFileSync(conf, good.replace('crypto_cipher: none', 'crypto_cipher: rot13'));
  await session.reloadConfig('reload, bad file');
  writeFileSync(conf, good);
  await session.reloadConfig('reload, good file again');
}

/** Two who track shutdowns, and one who wants one. */
async function captureShutdown(corosync: PrivateCorosync): Promise<void> {
  execFileSync('corosync-cmapctl', ['-s', 'cfg.shutdown_timeout', 'u32', '1000']);
  const asked = await Session.connect('shutdown: ', corosync);
  const other = await Session.connect('shutdown: ', corosync);
  await asked.trackStart('track', 4);
  const trying = other.tryShutdown('request, refused', 0);
  await asked.asked('asked', 'another program calls corosync_cfg_try_shutdown(0)', 1, 1);
  await asked.reply('reply, no', 0);
  await trying;
  await other.tryShutdown('request, nobody replies', 0);
  await asked.asked('asked again', 'another program calls corosync_cfg_try_shutdown(0)', 2, 1);
  await other.trackStart('track, the other one', 4);
  const own = asked.tryShutdown('request, by one who tracks', 0);
  await other.asked('asked, the other one', 'another program calls corosync_cfg_try_shutdown(0)', 1, 1);
  await other.tryShutdown('request, while another is under way', 0);
  await other.reply('reply, no, by the other one', 0);
  await own;
  // Only who has tried a shutdown is told that the time is over.
  const timeIsOver: MessageFields = { message: 'resCfgTestshutdown', error: 5, flags: 0 };
  const late = other.tryShutdown('request, by the other one', 0, [timeIsOver]);
  await asked.asked('asked, a third time', 'another program calls corosync_cfg_try_shutdown(0)', 3, 1);
  await late;
  await asked.asked('time is over', 'nobody replied for cfg.shutdown_timeout', 4, 5);
  await asked.peer.stop();
  await other.peer.stop();
}

/** The links as they are when knet has found the others. */
async function captureThreeNodes(): Promise<void> {
  const options = { nodes: nodeAddresses(3, 2), config: { totem: 'token: 1000' } };
  await using second = await OtherNode.start(2, options);
  await using third = await OtherNode.start(3, options);
  await using corosync = await PrivateCorosync.start(options);
  const session = await Session.connect('three nodes: ', corosync);
  const status = async (): Promise<string> =>
    (await session.peer.ringStatus()).interfaces.map((link) => link.status).join();
  await waitUntil('all links are up', async () => (await status()) === 'n33,n33', { timeoutMs: 60_000 });
  await sleep(2000); // knet finds the MTU of each link
  session.skip();
  await captureReads(session);
  await session.nodeStatus('node status, another node', 2);
  await session.nodeAddresses('node addresses, another node', 2);
  await session.killNode('kill', 3, 'a golden exchange');
  await waitUntil('node 3 is gone', () => third.exitCode !== undefined);
  await waitUntil('its links are down', async () => (await status()) === 'n31,n31', { timeoutMs: 60_000 });
  session.skip();
  await session.ringStatus('ring status, a node gone');
  await session.nodeStatus('node status, a node gone', 3);
  await second.stop();
  await session.peer.stop();
}

async function captureOn(
  prefix: string,
  options: Parameters<typeof PrivateCorosync.start>[0],
): Promise<void> {
  await using corosync = await PrivateCorosync.start(options);
  const session = await Session.connect(prefix, corosync);
  await captureReads(session);
  await session.peer.stop();
}

{
  await using corosync = await PrivateCorosync.start({ nodes: ['127.0.0.1,127.0.0.2'] });
  const session = await Session.connect('', corosync);
  await captureCalls(session);
  await captureReload(session, corosync);
  await session.peer.stop();
  await captureShutdown(corosync);
  const peer = new CfgPeer();
  await peer.rawConnect();
  const rings = new PeerRings(corosync, peer, 'cfg');
  const request: MessageFields = { message: 'reqCfgNodestatusget', nodeId: 1, version: 2 };
  await captureRaw(capture, peer, rings, 'node status, no such version', request, (bytes) => ({
    message: 'resCfgNodestatusgetVersion',
    error: bytes.readInt32LE(16),
  }));
  await peer.stop();
}
execFileSync('ip', ['-6', 'addr', 'add', 'fd00::1/64', 'dev', 'lo', 'nodad']);
await captureOn('IPv6: ', { nodes: ['fd00::1'] });
await captureOn('udpu: ', { config: { totem: 'transport: udpu' } });
await captureThreeNodes();
capture.write('Events come because of what another program does.');
