import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from '../../codec/cfg/ids.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { padded } from '../service/padded.ts';
import { bareResponse } from '../service/response.ts';
import type { Reply, Service, ServiceConnection } from '../server/service.ts';
import * as messages from './messages.ts';
import { Shutdown, ShutdownClient } from './shutdown.ts';

/** The largest request. */
const REQUEST_SIZE = 288;
/** RINGREENABLE, which does nothing: corosync numbers its answer alike. */
const RING_REENABLE = 1;
const STATUS_VERSION = 1;

/** corosync's cfg service (exec/cfg.c). */
export class CfgService {
  readonly #state: ClusterState;
  readonly #shutdown: Shutdown;

  constructor(state: ClusterState) {
    this.#state = state;
    this.#shutdown = new Shutdown(state);
  }

  /** How many connections are asked about a shutdown. */
  get trackers(): number {
    return this.#shutdown.trackers;
  }

  open(connection: ServiceConnection): Service {
    const client = new ShutdownClient(connection);
    return {
      handle: (request, { answerLater }) => this.#handle(client, padded(request, REQUEST_SIZE), answerLater),
      close: () => this.#shutdown.untrack(client),
    };
  }

  close(): void {
    this.#shutdown.close();
  }

  #handle(client: ShutdownClient, request: MessageReader, answerLater: (answer: Buffer) => void): Reply {
    switch (request.i32(0)) {
      case CFG_REQUEST_ID.ringStatusGet:
        return this.#ringStatus();
      case RING_REENABLE:
        return bareResponse(RING_REENABLE, 'CS_ERR_NOT_SUPPORTED');
      case CFG_REQUEST_ID.killNode:
        return this.#killNode(request.u32(16));
      case CFG_REQUEST_ID.getNodeAddrs:
        return this.#addresses(request.u32(16));
      case CFG_REQUEST_ID.localGet:
        return messages.localAnswer(this.#state.localNodeId);
      case CFG_REQUEST_ID.nodeStatusGet:
        return this.#nodeStatus(request.u32(16), request.u32(24));
      case CFG_REQUEST_ID.reloadConfig:
        this.#state.reload((error) => answerLater(bareResponse(CFG_RESPONSE_ID.reloadConfig, error)));
        return 'later';
      case CFG_REQUEST_ID.reopenLogFiles:
        return bareResponse(CFG_RESPONSE_ID.reopenLogFiles, 'CS_OK');
      default:
        return this.#handleShutdown(client, request, answerLater);
    }
  }

  #handleShutdown(
    client: ShutdownClient,
    request: MessageReader,
    answerLater: (answer: Buffer) => void,
  ): Reply {
    switch (request.i32(0)) {
      case CFG_REQUEST_ID.tryShutdown: {
        const answer = (error: Parameters<typeof bareResponse>[1]): Buffer =>
          bareResponse(CFG_RESPONSE_ID.tryShutdown, error);
        const outcome = this.#shutdown.try(client, request.u32(16), (error) => answerLater(answer(error)));
        return outcome === 'later' ? outcome : answer(outcome);
      }
      case CFG_REQUEST_ID.replyToShutdown:
        return bareResponse(
          CFG_RESPONSE_ID.replyToShutdown,
          this.#shutdown.reply(client, request.u32(16) !== 0),
        );
      case CFG_REQUEST_ID.trackStart:
        this.#shutdown.track(client);
        return bareResponse(CFG_RESPONSE_ID.trackStart, 'CS_OK');
      case CFG_REQUEST_ID.trackStop:
        this.#shutdown.untrack(client);
        return bareResponse(CFG_RESPONSE_ID.trackStop, 'CS_OK');
      default:
        return bareResponse(0, 'CS_ERR_INVALID_PARAM');
    }
  }

  #ringStatus(): Buffer {
    const { addresses = [] } = this.#state.node(this.#state.localNodeId) ?? {};
    return messages.ringStatusAnswer(
      addresses.map((address, link) => ({
        name: `${link} ${address}`,
        status: this.#state.links.picture(link),
      })),
    );
  }

  /** The node dies when it hears of it. */
  #killNode(nodeId: number): Buffer {
    const isMember = this.#state.keys.text(`runtime.members.${nodeId}.status`) === 'joined';
    if (isMember) this.#state.totem.send(() => this.#state.kill(nodeId));
    return bareResponse(CFG_RESPONSE_ID.killNode, isMember ? 'CS_OK' : 'CS_ERR_NOT_EXIST');
  }

  #addresses(asked: number): Buffer {
    const node = this.#state.node(asked === 0 ? this.#state.localNodeId : asked);
    if (node === undefined) return messages.noAddressesAnswer('CS_ERR_NOT_EXIST');
    return messages.addressesAnswer(node.addresses);
  }

  /** knet takes 16 bits of the id. */
  #nodeStatus(asked: number, version: number): Buffer {
    const { links, localNodeId } = this.#state;
    const nodeId = asked & 0xffff;
    const ofNode = links.of(nodeId);
    if (ofNode === undefined) return messages.noNodeStatusAnswer('CS_ERR_FAILED_OPERATION');
    if (version !== STATUS_VERSION) return messages.noNodeStatusAnswer('CS_ERR_NOT_SUPPORTED');
    const [ours, theirs] = [localNodeId, nodeId].map((id) => this.#state.node(id)?.addresses ?? []);
    return messages.nodeStatusAnswer({
      nodeId: asked,
      reachable: links.reachable(nodeId),
      links: ofNode.map((link, number) => ({
        ...link,
        source: ours?.[number] ?? '',
        destination: theirs?.[number] ?? '',
      })),
    });
  }
}
