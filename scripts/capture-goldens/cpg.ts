/**
 * Regenerates test/golden/cpg-exchanges.json from exchanges between libcpg and real corosyncs:
 *   scripts/in-namespaces.sh npx tsx scripts/capture-goldens/cpg.ts
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CPG_ITERATION,
  CpgPeer,
  type CpgPeerAddress,
  type CpgPeerEvent,
} from '../../test/helpers/corosync/cpg-peer.ts';
import { nodeAddresses, OtherNode } from '../../test/helpers/corosync/other-node.ts';
import type { PeerOptions } from '../../test/helpers/corosync/peer-process.ts';
import { PrivateCorosync } from '../../test/helpers/corosync/private-corosync.ts';
import type { AddressFields } from '../../test/helpers/wire/cpg-messages.ts';
import { build, type MessageFields } from '../../test/helpers/wire/message-builder.ts';
import { waitUntil } from '../../test/helpers/wait-until.ts';
import { PeerRings, ServiceCapture, type Chunks } from './capture.ts';

const CS_OK = 1;
/** Until all events of a change are there, and have been called back with. */
const SETTLING_MS = 500;
const LARGEST = 1_047_552;
const capture = new ServiceCapture('cpg');

const hex = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Lists of members have reasons that mean nothing. */
const withoutReason = ({ nodeId, pid }: CpgPeerAddress): AddressFields => ({ nodeId, pid });

function eventFields(event: CpgPeerEvent): MessageFields {
  switch (event.type) {
    case 'deliver': {
      const { nodeId, pid } = event;
      const [group, bytes] = [hex(event.group), hex(event.message)];
      return { message: 'resCpgDeliver', group, nodeId, pid, bytes };
    }
    case 'confchg': {
      const { members, left, joined } = event;
      return {
        message: 'resCpgConfchg',
        group: hex(event.group),
        members: members.map(withoutReason),
        left,
        joined,
      };
    }
    case 'totem':
      return { message: 'resCpgTotemConfchg', ringId: event.ringId, members: event.members };
  }
}

interface CallFields {
  readonly requests?: MessageFields[];
  readonly responses?: MessageFields[];
}

/** One connected libcpg client and its rings. */
class Session {
  readonly peer: CpgPeer;
  readonly #prefix: string;
  readonly #rings: PeerRings;
  #seen = 0;

  private constructor(peer: CpgPeer, rings: PeerRings, prefix: string) {
    this.peer = peer;
    this.#rings = rings;
    this.#prefix = prefix;
  }

  static async connect(
    prefix: string,
    corosync: PrivateCorosync,
    flags: number | 'old' = 0,
  ): Promise<Session> {
    const peer = await connectedPeer(flags, { holdDisconnects: true });
    return new Session(peer, new PeerRings(corosync, peer, 'cpg'), prefix);
  }

  /** A call that is answered by its header alone, with the events that it causes here. */
  async call(
    name: string,
    call: string,
    request: MessageFields,
    id: number,
    run: (peer: CpgPeer) => Promise<number>,
    expectedEvents = 0,
  ): Promise<void> {
    const code = await run(this.peer);
    await this.events(expectedEvents);
    const responses: MessageFields[] = [{ message: 'resHeaderOnly', id, error: code }];
    this.#add(name, `cpg_${call}`, `${code}`, this.#rings.take(), { requests: [request], responses });
  }

  join(name: string, group: string | Uint8Array, flags: number, expectedEvents: number): Promise<void> {
    const { pid } = this.peer;
    const request: MessageFields = { message: 'reqCpgJoin', group: hex(group), pid, flags };
    return this.call(name, `join(${show(group)})`, request, 0, (peer) => peer.join(group), expectedEvents);
  }

  leave(name: string, group: string, expectedEvents: number): Promise<void> {
    const request: MessageFields = { message: 'reqCpgLeave', group: hex(group), pid: this.peer.pid };
    return this.call(name, `leave(${show(group)})`, request, 1, (peer) => peer.leave(group), expectedEvents);
  }

  /** The rings go with the connection, so it is held before its end. */
  async finalize(name: string): Promise<void> {
    const finalizing = this.peer.finalize();
    await waitUntil('cpg_finalize is about to disconnect', () => this.peer.held);
    const chunks = this.#rings.take();
    this.peer.resumeDisconnect();
    const code = await finalizing;
    this.#add(name, 'cpg_finalize()', `${code}`, chunks, {
      requests: [{ message: 'reqHeaderOnly', id: 8 }],
      responses: [{ message: 'resHeaderOnly', id: 12, error: code }],
    });
  }

  async mcast(name: string, message: Uint8Array, guarantee: number): Promise<void> {
    const code = await this.peer.mcast(message, guarantee);
    await this.events(1);
    const call = `cpg_mcast_joined(${guarantee}, ${message.length} bytes)`;
    const requests: MessageFields[] = [{ message: 'reqCpgMcast', guarantee, bytes: hex(message) }];
    this.#add(name, call, `${code}`, this.#rings.take(), { requests });
  }

  async mcastFill(name: string, length: number, byte: number): Promise<void> {
    const code = await this.peer.mcastFill(length, byte);
    await this.events(1);
    const bytes = hex(Buffer.alloc(length, byte));
    const requests: MessageFields[] = [{ message: 'reqCpgMcast', guarantee: 2, bytes }];
    const call = `cpg_mcast_joined(2, ${length} bytes)`;
    this.#add(name, call, `${code}`, this.#rings.take(), { requests });
  }

  /** The first fragment of a message, as libcpg sends it: the next one overwrites it. */
  async firstFragment(name: string, length: number, corosync: PrivateCorosync): Promise<void> {
    corosync.pause();
    const sent = this.peer.mcastFill(length, 0x46);
    await sleep(SETTLING_MS);
    const chunks = this.#rings.take();
    corosync.resume();
    const code = await sent;
    await this.events(1);
    const bytes = hex(Buffer.alloc(LARGEST, 0x46));
    const request: MessageFields = {
      message: 'reqCpgPartialMcast',
      guarantee: 2,
      messageLength: length,
      part: 1,
      bytes,
    };
    this.#seen = this.peer.events.length;
    this.#add(name, `cpg_mcast_joined(2, ${length} bytes)`, `${code}`, chunks, { requests: [request] });
  }

  async membership(name: string, group: string): Promise<void> {
    const { code, members } = await this.peer.membership(group);
    const shown = members.map(({ nodeId, pid }) => `${nodeId}:${pid}`).join();
    this.#add(name, `cpg_membership_get(${show(group)})`, `${code} ${shown}`, this.#rings.take(), {
      requests: [{ message: 'reqCpgMembershipGet', group: hex(group) }],
      responses: [{ message: 'resCpgMembershipGet', error: code, members: members.map(withoutReason) }],
    });
  }

  async localNodeId(name: string): Promise<void> {
    const { code, nodeId } = await this.peer.localNodeId();
    this.#add(name, 'cpg_local_get()', `${code}, ${nodeId}`, this.#rings.take(), {
      requests: [{ message: 'reqHeaderOnly', id: 4 }],
      responses: [{ message: 'resCpgLocalGet', error: code, nodeId }],
    });
  }

  /** A whole iteration. The handle on the wire is corosync's, which libcpg does not show. */
  async iterate(name: string, type: number, group: string | null): Promise<void> {
    const { code, handle: ours } = await this.peer.iterInit(type, group);
    const chunks = this.#rings.take();
    const handle = String(chunks.responses[0]?.readBigUInt64LE(24) ?? 0n);
    const call = `cpg_iteration_initialize(${type}, ${group === null ? 'NULL' : show(group)})`;
    const of = group === null ? {} : { group: hex(group) };
    this.#add(`${name}, init`, call, `${code}`, chunks, {
      requests: [{ message: 'reqCpgIterationInitialize', type, ...of }],
      responses: [{ message: 'resCpgIterationInitialize', error: code, handle }],
    });
    for (let step = 1; (await this.#iterNext(`${name}, next ${step}`, ours, handle)) === CS_OK; step++);
    const finalized = await this.peer.iterFinalize(ours);
    this.#add(`${name}, finalize`, 'cpg_iteration_finalize()', `${finalized}`, this.#rings.take(), {
      requests: [{ message: 'reqCpgIterationFinalize', handle }],
      responses: [{ message: 'resHeaderOnly', id: 11, error: finalized }],
    });
  }

  async #iterNext(name: string, ours: bigint, handle: string): Promise<number> {
    const { code, group, nodeId, pid } = await this.peer.iterNext(ours);
    const item: MessageFields =
      code === CS_OK
        ? { message: 'resCpgIterationNext', error: code, group: hex(group), nodeId, pid }
        : { message: 'resCpgIterationNextError', error: code };
    const shown = code === CS_OK ? `, ${show(group)}, ${nodeId}:${pid}` : '';
    this.#add(name, 'cpg_iteration_next()', `${code}${shown}`, this.#rings.take(), {
      requests: [{ message: 'reqCpgIterationNext', handle }],
      responses: [item],
    });
    return code;
  }

  /** Something that others have done: that many events come of it, or as many as there are when `done` is there. */
  async told(name: string, what: string, done: number | ((event: CpgPeerEvent) => boolean)): Promise<void> {
    if (typeof done === 'number') await this.events(done);
    else {
      const { events } = this.peer;
      await waitUntil(name, () => events.slice(this.#seen).some(done), { timeoutMs: 60_000 });
      await sleep(SETTLING_MS);
    }
    this.#add(name, what, '', this.#rings.take(), {});
  }

  /** Leaves out what has come so far. */
  async skip(expectedEvents: number): Promise<void> {
    await this.events(expectedEvents);
    this.#rings.take();
    this.#seen = this.peer.events.length;
  }

  async events(count: number): Promise<void> {
    await this.peer.notified(this.#seen + count);
    await sleep(50); // more than expected is found out
  }

  #add(name: string, call: string, result: string, chunks: Chunks, fields: CallFields): void {
    const events = this.peer.events.slice(this.#seen).map(eventFields);
    this.#seen = this.peer.events.length;
    capture.add(`${this.#prefix}${name}`, call, result, chunks, { ...fields, events });
  }
}

const show = (name: string | Uint8Array): string => JSON.stringify(Buffer.from(name).toString());

async function connectedPeer(flags: number | 'old' = 0, options: PeerOptions = {}): Promise<CpgPeer> {
  const peer = new CpgPeer(options);
  const { code } = await peer.connect(flags);
  if (code !== CS_OK) throw new Error(`cpg_initialize: ${code}`);
  return peer;
}

const GROUP = 'golden';
const NOT_UTF8 = Buffer.from('67ff', 'hex');

async function captureCalls(session: Session): Promise<void> {
  await session.localNodeId('local node');
  await session.membership('membership, no such group', GROUP);
  await session.iterate('iterate, names of nothing', CPG_ITERATION.names, null);
  await session.leave('leave, not joined', GROUP, 0);
  await session.join('join', GROUP, 0, 1);
  await session.join('join twice', GROUP, 0, 0);
  await session.mcast('mcast, nothing', Buffer.alloc(0), 2);
  await session.mcast('mcast, unordered', Buffer.from('x'), 0);
  await session.mcast('mcast, fifo', Buffer.from('ab'), 1);
  await session.mcast('mcast, agreed', Buffer.from('Grüße'), 2);
  await session.mcast('mcast, safe', Buffer.from('0123456789'), 3);
  await session.mcastFill('mcast, 1000 bytes', 1000, 0);
  await session.mcastFill('mcast, the largest', LARGEST, 0x61);
  await session.membership('membership', GROUP);
}

/** The same group and others. */
async function captureOthers(session: Session, corosync: PrivateCorosync): Promise<void> {
  const other = await Session.connect('other: ', corosync, 1);
  await other.join('join, with the nodes', GROUP, 1, 2);
  await session.told('another joins', 'another process calls cpg_join', 1);
  await other.mcast('mcast', Buffer.from('from the other'), 2);
  await session.told('another sends', 'another process calls cpg_mcast_joined', 1);
  await other.leave('leave', GROUP, 1);
  await session.told('another leaves', 'the other process calls cpg_leave', 1);
  await other.finalize('finalize');
  await other.peer.stop();

  const killed = await connectedPeer();
  await killed.join(GROUP);
  await session.skip(1);
  killed.kill('SIGKILL');
  await session.told('another is killed', 'SIGKILL of a process in the group', 1);

  const names = ['x', 'l'.repeat(127), NOT_UTF8, 'Zürich'];
  const peers = await Promise.all(names.map(() => connectedPeer()));
  for (const [index, peer] of peers.entries()) await peer.join(names[index] ?? '');
  await Promise.all(peers.map((peer) => peer.notified(1)));
  await session.iterate('iterate, names', CPG_ITERATION.names, null);
  await session.iterate('iterate, a group', CPG_ITERATION.group, GROUP);
  await session.iterate('iterate, a group that is not there', CPG_ITERATION.group, 'none');
  await session.iterate('iterate, all', CPG_ITERATION.all, null);
  await Promise.all(peers.map((peer) => peer.stop()));
}

/** Fragments of a few bytes: libcpg sends only larger ones. The one who sends them is in the group by a pid of its own. */
async function captureFragments(session: Session, corosync: PrivateCorosync): Promise<void> {
  const peer = new CpgPeer();
  await peer.rawConnect();
  const rings = new PeerRings(corosync, peer, 'cpg');
  const [nodeId, pid, group] = [1, 4_294_967_295, hex(GROUP)];
  const send = async (name: string, request: MessageFields, id: number, events: MessageFields[]) => {
    const { result, response } = await peer.raw(build(request).toBytes());
    await sleep(SETTLING_MS);
    const responses: MessageFields[] = [{ message: 'resHeaderOnly', id, error: response.readInt32LE(16) }];
    const call = `qb_ipcc_sendv_recv(${JSON.stringify(request)})`;
    capture.add(name, call, `${result} bytes`, rings.take(), { requests: [request], responses, events });
  };
  const fragment = async (name: string, part: number, text: string, delivered = true) => {
    const fields = { messageLength: 10, part, bytes: hex(text) };
    await send(
      `fragments: ${name}`,
      { message: 'reqCpgPartialMcast', guarantee: 2, ...fields },
      18,
      delivered ? [{ message: 'resCpgPartialDeliver', group, nodeId, pid, ...fields }] : [],
    );
  };
  const others = [{ nodeId: 1, pid: session.peer.pid }];
  await send('join, the largest pid', { message: 'reqCpgJoin', group, pid, flags: 0 }, 0, [
    {
      message: 'resCpgConfchg',
      group,
      members: [...others, { nodeId, pid }],
      left: [],
      joined: [{ nodeId, pid, reason: 1 }],
    },
  ]);
  await fragment('first', 1, 'abcd');
  await fragment('continued', 2, 'ef');
  await fragment('last', 3, 'ghij');
  await session.skip(2); // joined, and one whole message
  await fragment('first, of a message that is cut short', 1, 'abcd');
  const another = await connectedPeer();
  await another.join(GROUP);
  await session.skip(1);
  rings.take();
  await fragment('last, after a change of the group', 3, 'efghij', false);
  await fragment('of no known part', 77, 'efghij', false);
  await another.stop();
  await session.skip(1);
  rings.take();
  const unknown: MessageFields = { message: 'reqCpgIterationNext', handle: '4711' };
  const { result, response } = await peer.raw(build(unknown).toBytes());
  capture.add('iterate, an unknown handle', 'qb_ipcc_sendv_recv()', `${result} bytes`, rings.take(), {
    requests: [unknown],
    responses: [{ message: 'resCpgIterationNextError', error: response.readInt32LE(16) }],
  });
  await peer.stop();
  await session.skip(1);
}

const isTotemOf = (members: string) => (event: CpgPeerEvent) =>
  event.type === 'totem' && event.members.join() === members;

/** Three nodes, each with a member; what the first one is told. */
async function captureThreeNodes(): Promise<void> {
  const options = { nodes: nodeAddresses(3), config: { totem: 'token: 1000' } };
  await using second = await OtherNode.start(2, options);
  await using third = await OtherNode.start(3, options);
  await using corosync = await PrivateCorosync.start(options);
  const session = await Session.connect('three nodes: ', corosync, 1);
  const { events } = session.peer;
  await session.peer.join(GROUP);
  await waitUntil('all three are members', () => events.some(isTotemOf('1,2,3')), { timeoutMs: 60_000 });
  await session.skip(0);
  const onSecond = await connectedPeer(0, { under: second.inside });
  await onSecond.join(GROUP);
  await session.told('node 2 joins', 'a process on node 2 calls cpg_join', 1);
  const onThird = await connectedPeer(0, { under: third.inside });
  await onThird.join(GROUP);
  await session.told('node 3 joins', 'a process on node 3 calls cpg_join', 1);
  await onThird.mcast('from node 3');
  await session.told('node 3 sends', 'the process on node 3 calls cpg_mcast_joined', 1);
  await session.membership('membership', GROUP);
  await second.unplug();
  await third.unplug();
  await session.told('the others are cut off', 'the links of nodes 2 and 3 go down', isTotemOf('1'));
  await second.plugIn();
  await third.plugIn();
  await session.told('the others are back', 'the links of nodes 2 and 3 go up', isTotemOf('1,2,3'));
  await third.stop();
  await session.told('node 3 leaves', 'SIGTERM of corosync on node 3', isTotemOf('1,2'));
  await Promise.all([onSecond.stop(), onThird.stop(), session.peer.stop()]);
}

{
  await using corosync = await PrivateCorosync.start();
  const session = await Session.connect('', corosync, 'old');
  await captureCalls(session);
  await captureOthers(session, corosync);
  await captureFragments(session, corosync);
  await session.firstFragment('mcast, first of two fragments', LARGEST + 1, corosync);
  await session.peer.stop();
}
await captureThreeNodes();
capture.write('Events without a call come because of what another process does.');
