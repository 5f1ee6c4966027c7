/**
 * Regenerates test/golden/quorum-exchanges.json from exchanges between libquorum and real corosyncs:
 *   scripts/in-namespaces.sh npx tsx scripts/capture-goldens/quorum.ts
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeAddresses, OtherNode } from '../../test/helpers/corosync/other-node.ts';
import { PrivateCorosync } from '../../test/helpers/corosync/private-corosync.ts';
import {
  QuorumPeer,
  type QuorumPeerEvent,
  type QuorumPeerModel,
} from '../../test/helpers/corosync/quorum-peer.ts';
import type { MessageFields } from '../../test/helpers/wire/message-builder.ts';
import { waitUntil } from '../../test/helpers/wait-until.ts';
import { captureRaw, PeerRings, ServiceCapture } from './capture.ts';

/** Until all events of a change are there, and have been called back with. */
const SETTLING_MS = 500;

const capture = new ServiceCapture('quorum');

function eventFields(event: QuorumPeerEvent): MessageFields {
  switch (event.type) {
    case 'v0':
      return { ...pick(event), message: 'resQuorumNotification', ringSeq: event.seq };
    case 'quorum':
      return { ...pick(event), message: 'resQuorumV1QuorumNotification', ringId: event.ringId };
    case 'nodelist': {
      const { ringId, members, joined, left } = event;
      return { message: 'resQuorumV1NodelistNotification', ringId, members, joined, left };
    }
  }
}

const pick = ({ quorate, members }: { quorate: number; members: number[] }) => ({ quorate, members });

/** One connected libquorum client and its rings. */
class Session {
  readonly peer: QuorumPeer;
  readonly #prefix: string;
  readonly #rings: PeerRings;
  #changesSeen = 0;

  private constructor(peer: QuorumPeer, rings: PeerRings, prefix: string) {
    this.peer = peer;
    this.#rings = rings;
    this.#prefix = prefix;
  }

  static async connect(prefix: string, corosync: PrivateCorosync, model: QuorumPeerModel): Promise<Session> {
    const peer = new QuorumPeer();
    const { code, type } = await peer.connect(model);
    const session = new Session(peer, new PeerRings(corosync, peer, 'quorum'), prefix);
    const call = model === 'old' ? 'quorum_initialize' : `quorum_model_initialize ${model}`;
    session.#add(`initialize, ${model}`, `${call}()`, `${code}, type ${type}`, [], {
      ...(model === 'v1'
        ? {
            requests: [{ message: 'reqQuorumModelGettype', model: 1 }],
            responses: [{ message: 'resQuorumModelGettype', error: code, quorumType: type }],
          }
        : {
            requests: [{ message: 'reqHeaderOnly', id: 3 }],
            responses: [{ message: 'resQuorumGettype', error: code, quorumType: type }],
          }),
    });
    return session;
  }

  async getQuorate(): Promise<void> {
    const { code, quorate } = await this.peer.getQuorate();
    this.#add('getquorate', 'quorum_getquorate()', `${code}, ${quorate}`, [], {
      requests: [{ message: 'reqHeaderOnly', id: 0 }],
      responses: [{ message: 'resQuorumGetquorate', error: code, quorate }],
    });
  }

  async trackStart(name: string, flags: number, expectedEvents: number): Promise<void> {
    const seen = this.peer.events.length;
    const code = await this.peer.trackStart(flags);
    const events = (await this.peer.notified(seen + expectedEvents)).slice(seen);
    this.#add(name, `quorum_trackstart(${flags})`, `${code}`, events, {
      requests: [{ message: 'reqQuorumTrackstart', flags }],
      responses: [{ message: 'resHeaderOnly', id: 1, error: code }],
    });
  }

  async trackStop(name: string): Promise<void> {
    const code = await this.peer.trackStop();
    this.#add(name, 'quorum_trackstop()', `${code}`, [], {
      requests: [{ message: 'reqHeaderOnly', id: 2 }],
      responses: [{ message: 'resHeaderOnly', id: 2, error: code }],
    });
  }

  /** Something in the cluster that ends with quorum told to these members, as well as the events on the way there. */
  async change(name: string, what: string, done: (event: QuorumPeerEvent) => boolean): Promise<void> {
    const { events } = this.peer;
    const seen = this.#changesSeen;
    await waitUntil(name, () => events.slice(seen).some(done), { timeoutMs: 60_000 });
    await sleep(SETTLING_MS);
    this.#changesSeen = events.length;
    this.#add(name, what, '', events.slice(seen), {});
  }

  /** Leaves out what has come so far. */
  skip(): void {
    this.#rings.take();
    this.#changesSeen = this.peer.events.length;
  }

  #add(
    name: string,
    call: string,
    result: string,
    events: readonly QuorumPeerEvent[],
    fields: { requests?: MessageFields[]; responses?: MessageFields[] },
  ): void {
    const chunks = this.#rings.take();
    capture.add(`${this.#prefix}${name}`, call, result, chunks, {
      ...fields,
      events: events.map(eventFields),
    });
  }
}

async function captureCalls(corosync: PrivateCorosync): Promise<void> {
  const old = await Session.connect('', corosync, 'old');
  await old.getQuorate();
  await old.trackStart('v0: track, current', 1, 1);
  await old.trackStart('v0: track, changes', 2, 1);
  await old.trackStart('v0: track twice', 2, 1);
  await old.trackStop('v0: trackstop');
  await old.peer.stop();
  await (await Session.connect('model ', corosync, 'v0')).peer.stop();

  const session = await Session.connect('', corosync, 'v1');
  await session.trackStop('trackstop, without start');
  await session.trackStart('track, current', 1, 2);
  await session.trackStart('track, nothing', 0, 0);
  await session.trackStart('track, changes only', 4, 0);
  await session.trackStart('track twice', 4, 0);
  await session.trackStart('track twice, with a snapshot', 1, 2);
  await session.trackStop('trackstop');
  await session.trackStart('track, changes', 2, 2);
  await session.peer.stop();
}

/** Requests that libquorum cannot be made to send. */
async function captureOthers(corosync: PrivateCorosync): Promise<void> {
  const peer = new QuorumPeer();
  await peer.rawConnect();
  const rings = new PeerRings(corosync, peer, 'quorum');
  const model: MessageFields = { message: 'reqQuorumModelGettype', model: 2 };
  await captureRaw(capture, peer, rings, 'an unknown model', model, (bytes) => ({
    message: 'resQuorumModelGettype',
    error: bytes.readInt32LE(16),
    quorumType: bytes.readUInt32LE(24),
  }));
  const unknown: MessageFields = { message: 'reqHeaderOnly', id: 5 };
  await captureRaw(capture, peer, rings, 'an unknown request', unknown, (bytes) => ({
    message: 'resHeaderOnly',
    id: 0,
    error: bytes.readInt32LE(16),
  }));
  await peer.stop();
}

const told = (members: string) => (event: QuorumPeerEvent) =>
  event.type !== 'nodelist' && event.members.join() === members;

/** Three nodes; the first one's events. */
async function captureMembership(): Promise<void> {
  const options = { nodes: nodeAddresses(3), config: { totem: 'token: 1000' } };
  await using second = await OtherNode.start(2, options);
  await using third = await OtherNode.start(3, options);
  await using corosync = await PrivateCorosync.start(options);
  const prefix = 'three nodes: ';
  const v0 = await Session.connect(`${prefix}v0: `, corosync, 'v0');
  const v1 = await Session.connect(prefix, corosync, 'v1');
  await waitUntil(
    'all three are members',
    async () => {
      await v1.peer.trackStart(1);
      return v1.peer.events.some(told('1,2,3'));
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  v1.skip();
  await v0.trackStart('track', 2, 1);
  await v1.trackStart('track', 2, 2);
  const both = async (name: string, what: string, members: string): Promise<void> => {
    await v0.change(name, what, told(members));
    await v1.change(name, what, told(members));
  };
  v0.skip();
  v1.skip();
  await third.stop();
  await both('node 3 leaves', 'SIGTERM of corosync on node 3', '1,2');
  third.start();
  await both('node 3 joins', 'corosync started on node 3', '1,2,3');
  await second.unplug();
  await third.unplug();
  await both('the others are cut off', 'the links of nodes 2 and 3 go down', '1');
  await v1.getQuorate();
  await second.plugIn();
  await third.plugIn();
  await both('the others are back', 'the links of nodes 2 and 3 go up', '1,2,3');
  await third.killed();
  third.start();
  await both('node 3 restarts before it is missed', 'corosync on node 3 killed and started', '1,2,3');
  await v0.peer.stop();
  await v1.peer.stop();
}

{
  await using corosync = await PrivateCorosync.start();
  await captureCalls(corosync);
  await captureOthers(corosync);
}
{
  await using corosync = await PrivateCorosync.start({ provider: 'none' });
  const session = await Session.connect('no provider: ', corosync, 'v1');
  await session.getQuorate();
  await session.trackStart('track, changes', 2, 2);
  await session.peer.stop();
  const old = await Session.connect('no provider: ', corosync, 'old');
  await old.trackStart('v0: track, changes', 2, 1);
  await old.peer.stop();
}
await captureMembership();
capture.write('Events without a call are changes of membership, on the first of three nodes.');
