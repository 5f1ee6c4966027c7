/**
 * Regenerates test/golden/votequorum-exchanges.json from exchanges between libvotequorum and real corosyncs:
 *   scripts/in-namespaces.sh npx tsx scripts/capture-goldens/votequorum.ts
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeAddresses, OtherNode } from '../../test/helpers/corosync/other-node.ts';
import type { PeerRingId } from '../../test/helpers/corosync/peer-process.ts';
import { PrivateCorosync } from '../../test/helpers/corosync/private-corosync.ts';
import {
  VotequorumPeer,
  type VotequorumPeerEvent,
  type VotequorumPeerInfo,
} from '../../test/helpers/corosync/votequorum-peer.ts';
import type { MessageFields } from '../../test/helpers/wire/message-builder.ts';
import { waitUntil } from '../../test/helpers/wait-until.ts';
import { captureRaw, PeerRings, ServiceCapture } from './capture.ts';

/** Until all events of a change are there, and have been called back with. */
const SETTLING_MS = 500;
const CS_OK = 1;
const capture = new ServiceCapture('votequorum');
const hex = (text: string): string => Buffer.from(text).toString('hex');

function eventFields(event: VotequorumPeerEvent): MessageFields {
  switch (event.type) {
    case 'quorum': {
      const { context, quorate, nodes } = event;
      return { message: 'resVotequorumQuorumNotification', context, quorate, nodes };
    }
    case 'nodelist': {
      const { context, ringId, members } = event;
      return { message: 'resVotequorumNodelistNotification', context, ringId, members };
    }
    case 'expected': {
      const { context, expectedVotes } = event;
      return { message: 'resVotequorumExpectedvotes', context, expectedVotes };
    }
  }
}

/** A failed answer has whatever was in memory: only its bytes can tell. */
function infoFields(code: number, info: VotequorumPeerInfo, bytes: Buffer): MessageFields {
  const name = code === CS_OK ? info.qdeviceName : bytes.subarray(60, 315);
  return { ...info, message: 'resVotequorumGetinfo', error: code, qdeviceName: name.toString('hex') };
}

/** One connected libvotequorum client and its rings. */
class Session {
  readonly peer: VotequorumPeer;
  readonly #prefix: string;
  readonly #rings: PeerRings;
  #seen = 0;

  private constructor(peer: VotequorumPeer, rings: PeerRings, prefix: string) {
    this.peer = peer;
    this.#rings = rings;
    this.#prefix = prefix;
  }

  static async connect(prefix: string, corosync: PrivateCorosync): Promise<Session> {
    const peer = new VotequorumPeer();
    const { code } = await peer.connect();
    if (code !== CS_OK) throw new Error(`votequorum_initialize: ${code}`);
    return new Session(peer, new PeerRings(corosync, peer, 'votequorum'), prefix);
  }

  async getInfo(name: string, nodeId: number): Promise<void> {
    const { code, info } = await this.peer.getInfo(nodeId);
    const chunks = this.#rings.take();
    const response = chunks.responses[0] ?? Buffer.alloc(0);
    const shown = code === CS_OK ? JSON.stringify({ ...info, qdeviceName: String(info.qdeviceName) }) : '';
    capture.add(
      `${this.#prefix}${name}`,
      `votequorum_getinfo(${nodeId})`,
      `${code} ${shown}`.trim(),
      chunks,
      {
        requests: [{ message: 'reqVotequorumGetinfo', nodeId }],
        responses: [infoFields(code, info, response)],
      },
    );
  }

  /** A call that is answered by its header alone, with the events that it causes. */
  async call(
    name: string,
    call: string,
    request: MessageFields,
    run: (peer: VotequorumPeer) => Promise<number>,
    expectedEvents = 0,
  ): Promise<void> {
    const code = await run(this.peer);
    await this.peer.notified(this.#seen + expectedEvents);
    await sleep(SETTLING_MS);
    this.#add(name, `votequorum_${call}`, `${code}`, {
      requests: [request],
      responses: [{ message: 'resHeaderOnly', id: 0, error: code }],
    });
  }

  trackStart(name: string, context: bigint, flags: number, expectedEvents: number): Promise<void> {
    const request: MessageFields = {
      message: 'reqVotequorumTrackstart',
      context: String(context),
      flags,
    };
    const call = `trackstart(${context}, ${flags})`;
    return this.call(name, call, request, (peer) => peer.trackStart(context, flags), expectedEvents);
  }

  trackStop(name: string): Promise<void> {
    return this.call(name, 'trackstop()', { message: 'reqHeaderOnly', id: 4 }, (peer) => peer.trackStop());
  }

  setExpected(name: string, votes: number, expectedEvents = 0): Promise<void> {
    const request: MessageFields = { message: 'reqVotequorumSetexpected', votes };
    const run = (peer: VotequorumPeer): Promise<number> => peer.setExpected(votes);
    return this.call(name, `setexpected(${votes})`, request, run, expectedEvents);
  }

  setVotes(name: string, nodeId: number, votes: number, expectedEvents = 0): Promise<void> {
    const request: MessageFields = { message: 'reqVotequorumSetvotes', nodeId, votes };
    const run = (peer: VotequorumPeer): Promise<number> => peer.setVotes(nodeId, votes);
    return this.call(name, `setvotes(${nodeId}, ${votes})`, request, run, expectedEvents);
  }

  register(name: string, device: string): Promise<void> {
    const request: MessageFields = { message: 'reqVotequorumQdeviceRegister', name: hex(device) };
    return this.call(name, `qdevice_register("${device}")`, request, (peer) => peer.register(device));
  }

  unregister(name: string, device: string): Promise<void> {
    const request: MessageFields = { message: 'reqVotequorumQdeviceUnregister', name: hex(device) };
    return this.call(name, `qdevice_unregister("${device}")`, request, (peer) => peer.unregister(device));
  }

  update(name: string, from: string, to: string): Promise<void> {
    const request: MessageFields = {
      message: 'reqVotequorumQdeviceUpdate',
      oldName: hex(from),
      newName: hex(to),
    };
    const call = `qdevice_update("${from}", "${to}")`;
    return this.call(name, call, request, (peer) => peer.update(from, to));
  }

  poll(name: string, device: string, castVote: number, ringId: PeerRingId): Promise<void> {
    const request: MessageFields = {
      message: 'reqVotequorumQdevicePoll',
      name: hex(device),
      castVote,
      ringId,
    };
    const call = `qdevice_poll("${device}", ${castVote}, ${ringId.nodeId}.${ringId.seq})`;
    return this.call(name, call, request, (peer) => peer.poll(device, castVote, ringId));
  }

  masterWins(name: string, device: string, allow: number): Promise<void> {
    const request: MessageFields = { message: 'reqVotequorumQdeviceMasterWins', name: hex(device), allow };
    const call = `qdevice_master_wins("${device}", ${allow})`;
    return this.call(name, call, request, (peer) => peer.masterWins(device, allow));
  }

  /** Something in the cluster, with all events on the way to `done`. */
  async change(name: string, what: string, done: (event: VotequorumPeerEvent) => boolean): Promise<void> {
    const { events } = this.peer;
    await waitUntil(name, () => events.slice(this.#seen).some(done), { timeoutMs: 60_000 });
    await sleep(SETTLING_MS);
    this.#add(name, what, '', {});
  }

  /** Leaves out what has come so far. */
  skip(): void {
    this.#rings.take();
    this.#seen = this.peer.events.length;
  }

  /** That of the last nodelist event. */
  get ringId(): PeerRingId {
    const nodelists = this.peer.events.flatMap((event) => (event.type === 'nodelist' ? [event] : []));
    const last = nodelists.at(-1);
    if (last === undefined) throw new Error('there was no nodelist event');
    return last.ringId;
  }

  #add(
    name: string,
    call: string,
    result: string,
    fields: { requests?: MessageFields[]; responses?: MessageFields[] },
  ): void {
    const events = this.peer.events.slice(this.#seen).map(eventFields);
    this.#seen = this.peer.events.length;
    capture.add(`${this.#prefix}${name}`, call, result, this.#rings.take(), { ...fields, events });
  }
}

async function captureCalls(session: Session): Promise<void> {
  await session.getInfo('getinfo, this node', 0);
  await session.getInfo('getinfo, by id', 1);
  await session.getInfo('getinfo, a node never seen', 99);
  await session.trackStop('trackstop, without start');
  await session.trackStart('track, current', 1n, 1, 2);
  await session.trackStart('track, changes', 2n ** 64n - 1n, 2, 2);
  await session.trackStart('track twice', 7n, 2, 2);
  await session.setExpected('setexpected, the same', 1, 1);
  await session.setExpected('setexpected, too few', 0);
  await session.setVotes('setvotes, up', 1, 3, 1);
  await session.setVotes('setvotes, a node never seen', 99, 1);
  await session.setExpected('setexpected, too few for the votes', 2);
  await session.getInfo('getinfo, three votes', 1);
  await session.trackStop('trackstop');
  await session.trackStart('track, changes only', 3n, 4, 0);
}

const DEVICE = 'device';
const LONGEST = 'd'.repeat(254);

async function captureDevice(session: Session): Promise<void> {
  const { ringId } = session;
  const longAgo = { nodeId: 4_294_967_295, seq: '18446744073709551615' };
  await session.poll('poll, nothing registered', DEVICE, 1, ringId);
  await session.masterWins('master wins, nothing registered', DEVICE, 1);
  await session.update('update, nothing registered', DEVICE, 'other');
  await session.unregister('unregister, nothing registered', DEVICE);
  await session.register('register', DEVICE);
  await session.register('register again', DEVICE);
  await session.register('register another', 'other');
  await session.getInfo('getinfo, registered', 0);
  await session.trackStart('track, with a device', 4n, 1, 2);
  await session.poll('poll, old ring id', DEVICE, 1, longAgo);
  await session.poll('poll, wrong name', 'other', 1, ringId);
  await session.poll('poll', DEVICE, 1, ringId);
  await session.masterWins('master wins', DEVICE, 1);
  await session.getInfo('getinfo, alive, casts its vote, master wins', 1);
  await session.masterWins('master wins no more', DEVICE, 0);
  await session.poll('poll, without a vote', DEVICE, 0, ringId);
  await session.getInfo('getinfo, alive', 1);
  await session.update('update', DEVICE, 'Gerät');
  await session.getInfo('getinfo, other name', 1);
  await session.unregister('unregister, wrong name', DEVICE);
  await session.unregister('unregister', 'Gerät');
  await session.register('register, longest name', LONGEST);
  await session.getInfo('getinfo, longest name', 1);
  await session.update('update, longest names', LONGEST, 'e'.repeat(254));
  await session.unregister('unregister, longest name', 'e'.repeat(254));
}

const told = (states: string) => (event: VotequorumPeerEvent) =>
  event.type === 'quorum' &&
  event.nodes
    .map(({ state }) => state)
    .sort()
    .join('') === states;

/** Three nodes; the first one's events. */
async function captureMembership(): Promise<void> {
  const options = { nodes: nodeAddresses(3), config: { totem: 'token: 1000' } };
  await using second = await OtherNode.start(2, options);
  await using third = await OtherNode.start(3, options);
  await using corosync = await PrivateCorosync.start(options);
  const session = await Session.connect('three nodes: ', corosync);
  await waitUntil(
    'all three are members',
    async () => {
      await session.peer.trackStart(1n, 1);
      return session.peer.events.some(told('111'));
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  session.skip();
  await session.trackStart('track', 5n, 2, 2);
  await third.stop();
  await session.change('node 3 leaves', 'SIGTERM of corosync on node 3', told('112'));
  await session.getInfo('getinfo, a dead node', 3);
  third.start();
  await session.change('node 3 joins', 'corosync started on node 3', told('111'));
  await second.unplug();
  await third.unplug();
  await session.change('the others are cut off', 'the links of nodes 2 and 3 go down', told('122'));
  await session.getInfo('getinfo, inquorate', 1);
  await session.setExpected('setexpected, to be quorate', 1, 2);
  await session.getInfo('getinfo, quorate alone', 1);
  await second.plugIn();
  await third.plugIn();
  await session.change('the others are back', 'the links of nodes 2 and 3 go up', told('111'));
  await session.setVotes('setvotes of another node', 2, 2, 1);
  await session.getInfo('getinfo, another node', 2);
  await session.peer.stop();
}

{
  await using corosync = await PrivateCorosync.start();
  const session = await Session.connect('', corosync);
  await captureCalls(session);
  await captureDevice(session);
  await session.peer.stop();
  const peer = new VotequorumPeer();
  await peer.rawConnect();
  const rings = new PeerRings(corosync, peer, 'votequorum');
  const refused = (bytes: Buffer): MessageFields => ({
    message: 'resHeaderOnly',
    id: 0,
    error: bytes.readInt32LE(16),
  });
  const info: MessageFields = { message: 'reqVotequorumSetExtraInfo', info: '0102' };
  await captureRaw(capture, peer, rings, 'extra info to a corosync without it', info, refused);
  const ask: MessageFields = { message: 'reqVotequorumGetExtraInfo', nodeId: 1 };
  await captureRaw(capture, peer, rings, 'extra info from a corosync without it', ask, refused);
  await peer.stop();
}
{
  const device = { quorum: 'device {\n    model: net\n    votes: 1\n  }' };
  await using corosync = await PrivateCorosync.start({ config: device });
  const session = await Session.connect('device with a vote: ', corosync);
  await session.trackStart('track', 6n, 2, 2);
  await session.getInfo('getinfo, inquorate without it', 1);
  await session.register('register', DEVICE);
  await session.poll('poll', DEVICE, 1, session.ringId);
  await session.getInfo('getinfo, quorate with it', 1);
  await session.peer.stop();
}
await captureMembership();
capture.write('Events without a call are changes of membership, on the first of three nodes.');
