import type { MessageReader } from '../../codec/message-reader.ts';
import { decodeRingId } from '../../codec/ring-id.ts';
import { VOTEQUORUM_REQUEST_ID } from '../../codec/votequorum/ids.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { padded } from '../service/padded.ts';
import { bareResponse } from '../service/response.ts';
import type { Reply, Service, ServiceConnection } from '../server/service.ts';
import { Trackers, wantsChanges, wantsSnapshot } from '../service/trackers.ts';
import { infoFlags } from './info-flags.ts';
import * as messages from './messages.ts';
import type { QuorumDevice } from './quorum-device.ts';
import { setExpected, setVotes } from './reconfigure.ts';
import { NODE_STATE } from './voting-node.ts';
import type { Votes } from './votes.ts';

/** The largest request. */
const REQUEST_SIZE = 528;
const NAME_SIZE = 255;

interface Client {
  readonly connection: ServiceConnection;
  /** Comes back in each event. */
  context: bigint;
}

type Answer = (error: CsErrorName) => void;

/** corosync's votequorum towards its clients (exec/votequorum.c). */
export class VotequorumService {
  readonly #state: ClusterState;
  readonly #votes: Votes;
  readonly #device: QuorumDevice;
  readonly #violated: (what: string) => void;
  readonly #trackers = new Trackers<Client>();

  /** @param violated told of what would crash corosync */
  constructor(state: ClusterState, votes: Votes, device: QuorumDevice, violated: (what: string) => void) {
    this.#state = state;
    this.#votes = votes;
    this.#device = device;
    this.#violated = violated;
    state.listen({
      votesMembershipChanged: () => this.#trackers.tell(({ context }) => this.#nodelistEvent(context)),
      votesQuorumKnown: () => this.#trackers.tell(({ context }) => this.#quorumEvent(context)),
      expectedVotesSet: () =>
        this.#trackers.tell(({ context }) =>
          messages.expectedVotesEvent(context, this.#votes.us.expectedVotes),
        ),
    });
  }

  /** How many connections are told of changes. */
  get trackers(): number {
    return this.#trackers.all.length;
  }

  open(connection: ServiceConnection): Service {
    const client: Client = { connection, context: 0n };
    let registering = false;
    return {
      handle: (request, { answerLater }) => {
        const reply = this.#handle(client, padded(request, REQUEST_SIZE), (error) => {
          registering = false;
          answerLater(messages.statusAnswer(error));
        });
        if (reply === 'later') registering = true;
        return reply;
      },
      close: (gone) => {
        if (registering && gone === 'client')
          this.#violated('ending a connection whose registration is unanswered');
        this.#trackers.delete(client);
      },
    };
  }

  #handle(client: Client, request: MessageReader, answer: Answer): Reply {
    const id = request.i32(0);
    if (id === VOTEQUORUM_REQUEST_ID.getInfo) return this.#getInfo(request.u32(16));
    const status = this.#execute(id, client, request, answer);
    if (status === undefined) return bareResponse(0, 'CS_ERR_INVALID_PARAM');
    return status === 'later' ? status : messages.statusAnswer(status);
  }

  /** undefined: there is no such request. */
  #execute(
    id: number,
    client: Client,
    request: MessageReader,
    answer: Answer,
  ): CsErrorName | 'later' | undefined {
    const { totem } = this.#state;
    switch (id) {
      case VOTEQUORUM_REQUEST_ID.setExpected:
        return setExpected(this.#votes, totem, request.u32(16));
      case VOTEQUORUM_REQUEST_ID.setVotes:
        return setVotes(this.#votes, totem, request.u32(20), request.u32(16));
      case VOTEQUORUM_REQUEST_ID.trackStart:
        return this.#trackStart(client, request.u64(16), request.u32(24));
      case VOTEQUORUM_REQUEST_ID.trackStop:
        return this.#trackers.delete(client) ? 'CS_OK' : 'CS_ERR_NOT_EXIST';
      case VOTEQUORUM_REQUEST_ID.qdeviceRegister:
        return this.#device.register(this.#newName(request, 16), answer);
      case VOTEQUORUM_REQUEST_ID.qdeviceUnregister:
        return this.#device.unregister(name(request, 16));
      case VOTEQUORUM_REQUEST_ID.qdeviceUpdate:
        return this.#device.update(name(request, 16), this.#newName(request, 271));
      case VOTEQUORUM_REQUEST_ID.qdevicePoll:
        return this.#device.poll(name(request, 16), request.i32(272) !== 0, decodeRingId(request, 280));
      case VOTEQUORUM_REQUEST_ID.qdeviceMasterWins:
        return this.#device.masterWins(name(request, 16), request.u32(272));
      default:
        return undefined;
    }
  }

  #getInfo(asked: number): Buffer {
    const votes = this.#votes;
    const node = votes.nodes.get(asked === 0 ? votes.us.nodeId : asked);
    if (node === undefined) return messages.noInfoAnswer('CS_ERR_NOT_EXIST');
    const members = votes.nodes.members();
    const { highestExpected, quorum, deviceVotes } = votes;
    const ofDevice = node.device.castsVote ? deviceVotes : 0;
    return messages.infoAnswer({
      node,
      highestExpected,
      totalVotes: members.reduce((sum, member) => sum + member.votes, ofDevice) >>> 0,
      quorum,
      flags: infoFlags(votes, node),
      deviceVotes,
      deviceName: this.#device.name,
    });
  }

  /** A snapshot is sent, with the new context, even to a client that tracks already. */
  #trackStart(client: Client, context: bigint, flags: number): CsErrorName {
    if (wantsSnapshot(flags)) {
      client.connection.send(this.#nodelistEvent(context));
      client.connection.send(this.#quorumEvent(context));
    }
    if (this.#trackers.has(client)) return 'CS_ERR_EXIST';
    if (!wantsChanges(flags)) return 'CS_OK';
    client.context = context;
    this.#trackers.add(client);
    return 'CS_OK';
  }

  #nodelistEvent(context: bigint): Buffer {
    return messages.nodelistEvent(context, this.#votes.ringId, this.#votes.members);
  }

  #quorumEvent(context: bigint): Buffer {
    const { quorate, nodes, us } = this.#votes;
    const device = us.device.registered ? [{ nodeId: 0, state: NODE_STATE.device }] : [];
    return messages.quorumEvent(context, quorate, [...nodes.all(), ...device]);
  }

  /** A name that corosync copies: it asserts that there is an end. */
  #newName(request: MessageReader, offset: number): Buffer {
    if (request.lengthToNul(offset, NAME_SIZE) === NAME_SIZE)
      this.#violated('a name of a quorum device without an end');
    return name(request, offset);
  }
}

function name(request: MessageReader, offset: number): Buffer {
  return Buffer.from(request.copy(offset, request.lengthToNul(offset, NAME_SIZE)));
}
