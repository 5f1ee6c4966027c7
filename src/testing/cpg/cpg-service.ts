import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from '../../codec/cpg/ids.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { padded } from '../service/padded.ts';
import { bareResponse } from '../service/response.ts';
import type { Reply, Service, ServiceConnection } from '../server/service.ts';
import { CpgClient } from './cpg-client.ts';
import { GroupName } from './group-name.ts';
import { Groups, type GroupMessage } from './groups.ts';
import { Iterations } from './iterations.ts';
import * as messages from './messages.ts';
import type { ProcessList } from './process-list.ts';
import { SendQueue } from './send-queue.ts';

/** The largest request, without the bytes of a message. */
const REQUEST_SIZE = 168;
/** Zero copy, by the ids of its requests: corosync's main branch has it no more. */
const ZERO_COPY = { alloc: 9, free: 10, execute: 11 } as const;
/** What needs room in totem's queue, and is refused while a ring forms. */
const NEED_TOTEM: readonly number[] = [
  CPG_REQUEST_ID.join,
  CPG_REQUEST_ID.leave,
  CPG_REQUEST_ID.mcast,
  CPG_REQUEST_ID.finalize,
  CPG_REQUEST_ID.partialMcast,
  ...Object.values(ZERO_COPY),
];
/** LIBCPG_PARTIAL_FIRST */
const FIRST = 1;
/** Bytes of a message and its fragments, above which the corosync of every node aborts. */
const MOST_SENT = 1_113_000;
/** PROCESSOR_COUNT_MAX: more members than that overrun an answer. */
const MOST_MEMBERS = 384;
/** What nodes add to a message. */
const OVERHEAD = 200;

/** What the service asks of the fake. */
export interface CpgHost {
  /** A client did what would crash corosync, or corrupt its memory. */
  violated(what: string): void;
  /** It was killed by what a client did. */
  end(how: 'killed'): void;
  /** totem's queue is critical: connections that are there may not be read; or it is no longer. */
  congest(critical: boolean): void;
  /** The processes in groups on other nodes. */
  readonly otherProcesses: ProcessList;
}

/** corosync's cpg service (exec/cpg.c). */
export class CpgService {
  readonly groups: Groups;
  readonly #state: ClusterState;
  readonly #host: CpgHost;
  readonly #queue: SendQueue;
  readonly #iterations = new Iterations();

  constructor(state: ClusterState, host: CpgHost) {
    this.#state = state;
    this.#host = host;
    this.#queue = new SendQueue(state.totem, (critical) => host.congest(critical));
    this.groups = new Groups(state, host.otherProcesses, {
      violated: (what) => host.violated(what),
      crash: (what) => this.#crash(what),
    });
    state.listen({
      nodesGo: (nodeIds, how) => this.#nodesGo(nodeIds, how),
      membershipChanged: (_joined, left) => this.groups.ringFormed(left),
    });
  }

  open(connection: ServiceConnection): Service {
    const client = new CpgClient(connection);
    this.groups.clients.add(client);
    return {
      handle: (request) => this.#handle(client, request, padded(request, REQUEST_SIZE)),
      isAnswered: (request) => padded(request, REQUEST_SIZE).i32(0) !== CPG_REQUEST_ID.mcast,
      close: (gone) => this.#close(client, gone),
    };
  }

  #nodesGo(nodeIds: readonly number[], how: 'shut down' | 'lost' | 'cut off'): void {
    if (how !== 'cut off') this.#host.otherProcesses.takeNodes(nodeIds);
    if (how === 'shut down') this.groups.shutDown(nodeIds);
  }

  /** A process that leaves takes care that it is told; so corosync does for it, unless its group's name is empty. */
  #close(client: CpgClient, gone: 'client' | 'server'): void {
    this.groups.clients.delete(client);
    for (const handle of client.iterations) this.#iterations.end(handle);
    if (gone === 'server' || client.name.length === 0 || client.state === 'leaving') return;
    this.#send(client, { kind: 'leave', reason: messages.REASON.processDown });
  }

  #handle(client: CpgClient, bytes: Buffer, request: MessageReader): Reply {
    const id = request.i32(0);
    if (NEED_TOTEM.includes(id) && (this.#state.syncing || !this.#queue.hasRoom(bytes.length)))
      return id === CPG_REQUEST_ID.mcast ? 'never' : bareResponse(0, 'CS_ERR_TRY_AGAIN');
    switch (id) {
      case CPG_REQUEST_ID.join:
        return bareResponse(CPG_RESPONSE_ID.join, this.#join(client, request));
      case CPG_REQUEST_ID.leave:
        return bareResponse(CPG_RESPONSE_ID.leave, this.#leave(client, request));
      case CPG_REQUEST_ID.mcast:
        this.#mcast(client, bytes, request);
        return 'never';
      case CPG_REQUEST_ID.partialMcast:
        return bareResponse(CPG_RESPONSE_ID.partialSend, this.#partialMcast(client, bytes, request));
      case CPG_REQUEST_ID.finalize:
        this.groups.clients.delete(client);
        return bareResponse(CPG_RESPONSE_ID.finalize, 'CS_OK');
      default:
        return this.#query(id, client, request);
    }
  }

  #query(id: number, client: CpgClient, request: MessageReader): Reply {
    switch (id) {
      case CPG_REQUEST_ID.membership:
        return this.#membership(GroupName.read(request, 16));
      case CPG_REQUEST_ID.localGet:
        return messages.localAnswer(this.#state.localNodeId);
      case CPG_REQUEST_ID.iterationInitialize: {
        const name = GroupName.read(request, 16);
        const handle = this.#iterations.begin(this.groups.processes, request.u32(152), name);
        client.iterations.add(handle);
        return messages.iterationAnswer(handle);
      }
      case CPG_REQUEST_ID.iterationNext:
        return this.#iterationNext(request.u64(16));
      case CPG_REQUEST_ID.iterationFinalize: {
        const known = this.#iterations.end(request.u64(16));
        return bareResponse(CPG_RESPONSE_ID.iterationFinalize, known ? 'CS_OK' : 'CS_ERR_LIBRARY');
      }
      case ZERO_COPY.alloc:
      case ZERO_COPY.execute:
        this.#crash('a request of zero copy');
        return 'never';
      case ZERO_COPY.free:
        return bareResponse(0, 'CS_OK');
      default:
        return bareResponse(0, 'CS_ERR_INVALID_PARAM');
    }
  }

  #join(client: CpgClient, request: MessageReader): CsErrorName {
    const name = GroupName.read(request, 16);
    const pid = request.u32(152);
    const process = { name, pid, nodeId: this.#state.localNodeId };
    if (this.groups.clients.all.some((other) => other.is(name, pid))) return 'CS_ERR_EXIST';
    if (this.groups.processes.has(process)) return 'CS_ERR_TRY_AGAIN';
    if (name.isTooLong) return 'CS_ERR_NAME_TOO_LONG';
    if (client.state === 'leaving') return 'CS_ERR_BUSY';
    if (client.state !== 'unjoined') return 'CS_ERR_EXIST';
    Object.assign(client, { state: 'joining', name, pid, wantsTotem: (request.u32(160) & 1) !== 0 });
    this.#send(client, { kind: 'join' });
    return 'CS_OK';
  }

  /** Name and pid are not compared with those that have joined. */
  #leave(client: CpgClient, request: MessageReader): CsErrorName {
    if (client.state === 'joining') return 'CS_ERR_BUSY';
    if (client.state !== 'joined') return 'CS_ERR_NOT_EXIST';
    client.state = 'leaving';
    const leaving = { name: GroupName.read(request, 16), pid: request.u32(152) };
    this.#send(leaving, { kind: 'leave', reason: messages.REASON.leave });
    return 'CS_OK';
  }

  #mcast(client: CpgClient, bytes: Buffer, request: MessageReader): void {
    if (client.state !== 'joined' && client.state !== 'joining') return;
    const message = this.#message(bytes, 40, request.u32(32));
    if (message !== undefined) this.#send(client, { kind: 'mcast', bytes: message });
  }

  #partialMcast(client: CpgClient, bytes: Buffer, request: MessageReader): CsErrorName {
    const type = request.u32(48);
    if (type === FIRST) client.changesAtFirst = client.changes;
    if (client.changes !== client.changesAtFirst) return 'CS_ERR_INTERRUPT';
    if (client.state !== 'joined' && client.state !== 'joining') return 'CS_ERR_NOT_EXIST';
    const part = this.#message(bytes, 56, request.u32(40));
    if (part === undefined) return 'CS_OK';
    const fragment = { type, messageLength: request.u32(32), bytes: part };
    this.#send(client, { kind: 'fragment', fragment });
    return 'CS_OK';
  }

  /** corosync believes the length. */
  #message(request: Buffer, offset: number, length: number): Uint8Array | undefined {
    if (length > MOST_SENT) {
      this.#crash(`a message that says to have ${length} bytes at once`);
      return undefined;
    }
    const sent = request.subarray(offset, offset + length);
    if (sent.length < length)
      this.#host.violated(`a message that says to have ${length} bytes, of which ${sent.length} were sent,`);
    const message = Buffer.alloc(length);
    sent.copy(message);
    return message;
  }

  #membership(name: GroupName): Reply {
    const members = this.groups.processes.of(name);
    if (members.length <= MOST_MEMBERS) return messages.membershipAnswer(members);
    this.#crash(`cpg_membership_get of ${members.length} members`);
    return 'never';
  }

  #iterationNext(handle: bigint): Buffer {
    const item = this.#iterations.next(handle);
    if (item === undefined) return messages.noItemAnswer('CS_ERR_LIBRARY');
    return item === 'end' ? messages.noItemAnswer('CS_ERR_NO_SECTIONS') : messages.itemAnswer(item);
  }

  #send({ name, pid }: Pick<CpgClient, 'name' | 'pid'>, message: GroupMessage): void {
    const from = { name, pid, nodeId: this.#state.localNodeId };
    this.#queue.send(OVERHEAD + size(message), () => this.groups.deliver(from, message));
  }

  #crash(what: string): void {
    this.#host.violated(what);
    this.#host.end('killed');
  }
}

function size(message: GroupMessage): number {
  if (message.kind === 'mcast') return message.bytes.length;
  return message.kind === 'fragment' ? message.fragment.bytes.length : 0;
}
