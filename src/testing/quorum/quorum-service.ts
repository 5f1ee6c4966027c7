import { QUORUM_REQUEST_ID, QUORUM_RESPONSE_ID } from '../../codec/quorum/ids.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { padded } from '../service/padded.ts';
import { bareResponse } from '../service/response.ts';
import type { Service, ServiceConnection } from '../server/service.ts';
import { Trackers, wantsChanges, wantsSnapshot } from '../service/trackers.ts';
import * as messages from './messages.ts';

/** The largest request. */
const REQUEST_SIZE = 24;
/** QUORUM_FREE, QUORUM_SET */
const FREE = 0;
const SET = 1;

interface Client {
  readonly connection: ServiceConnection;
  /** Which events it gets. */
  model: 0 | 1;
}

/** corosync's quorum service (exec/vsf_quorum.c). */
export class QuorumService {
  readonly #state: ClusterState;
  readonly #trackers = new Trackers<Client>();

  constructor(state: ClusterState) {
    this.#state = state;
    state.listen({
      membershipChanged: (joined, left) => this.#tellMembership(joined, left),
      quorumKnown: () => this.#trackers.tell((client) => this.#quorumEvent(client)),
    });
  }

  /** How many connections are told of changes. */
  get trackers(): number {
    return this.#trackers.all.length;
  }

  open(connection: ServiceConnection): Service {
    const client: Client = { connection, model: 0 };
    return {
      handle: (request) => this.#handle(client, padded(request, REQUEST_SIZE)),
      close: () => void this.#trackers.delete(client),
    };
  }

  get #type(): number {
    return this.#state.votes === undefined ? FREE : SET;
  }

  #handle(client: Client, request: MessageReader): Buffer {
    switch (request.i32(0)) {
      case QUORUM_REQUEST_ID.getQuorate:
        return messages.quorateAnswer(this.#state.view.quorate);
      case QUORUM_REQUEST_ID.trackStart:
        return bareResponse(QUORUM_RESPONSE_ID.trackStart, this.#trackStart(client, request.u32(16)));
      case QUORUM_REQUEST_ID.trackStop:
        this.#trackers.delete(client);
        return bareResponse(QUORUM_RESPONSE_ID.trackStop, 'CS_OK');
      case QUORUM_REQUEST_ID.getType:
        return messages.typeAnswer(QUORUM_RESPONSE_ID.getType, this.#type);
      case QUORUM_REQUEST_ID.modelGetType:
        if (this.#state.config.quorumModel === 'v1') return this.#setModel(client, request.u32(16));
        break;
    }
    return bareResponse(0, 'CS_ERR_INVALID_PARAM');
  }

  /** A snapshot is sent even to a client that tracks already. */
  #trackStart(client: Client, flags: number): CsErrorName {
    if (wantsSnapshot(flags)) this.#sendSnapshot(client);
    if (this.#trackers.has(client)) return 'CS_ERR_EXIST';
    if (wantsChanges(flags)) this.#trackers.add(client);
    return 'CS_OK';
  }

  #setModel(client: Client, model: number): Buffer {
    if (model !== 0 && model !== 1) {
      return messages.typeAnswer(QUORUM_RESPONSE_ID.modelGetType, this.#type, 'CS_ERR_INVALID_PARAM');
    }
    client.model = model;
    return messages.typeAnswer(QUORUM_RESPONSE_ID.modelGetType, this.#type);
  }

  #sendSnapshot(client: Client): void {
    if (client.model === 1) client.connection.send(this.#nodelistEvent([], []));
    client.connection.send(this.#quorumEvent(client));
  }

  #tellMembership(joined: readonly number[], left: readonly number[]): void {
    for (const { model, connection } of this.#trackers.all) {
      if (model === 1) connection.send(this.#nodelistEvent(joined, left));
    }
  }

  #nodelistEvent(joined: readonly number[], left: readonly number[]): Buffer {
    const { ringId, members } = this.#state;
    return messages.nodelistEvent({ ringId, members, joined, left });
  }

  #quorumEvent({ model }: Client): Buffer {
    const { quorate, ringId, members } = this.#state.view;
    if (model === 1) return messages.quorumEvent(quorate, ringId, members);
    return messages.v0Event(quorate, ringId.seq, members);
  }
}
