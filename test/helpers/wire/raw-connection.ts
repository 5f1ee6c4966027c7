import { decodeResponseHeader } from '../../../src/codec/header.ts';
import type { MessageReader } from '../../../src/codec/message-reader.ts';
import type { MessageWriter } from '../../../src/codec/message-writer.ts';
import type { RequestMessage, UnansweredMessage } from '../../../src/codec/message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from '../../../src/codec/cfg/ids.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from '../../../src/codec/cpg/ids.ts';
import { LocalGetRequest } from '../../../src/codec/cpg/local-get.ts';
import { QUORUM_REQUEST_ID, QUORUM_RESPONSE_ID } from '../../../src/codec/quorum/ids.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from '../../../src/codec/votequorum/ids.ts';
import { resolveConnectOptions, type ConnectOptions } from '../../../src/service/connect-options.ts';
import { connectIpc, type IpcConnection } from '../../../src/ipc/index.ts';
import { CS_ERROR_CODES } from '../../../src/errors/index.ts';
import { build, type MessageFields } from './message-builder.ts';

/** The services whose requests can be sent. */
export type RawService = 'cmap' | 'quorum' | 'votequorum' | 'cfg' | 'cpg';

/** Request and response ids of cmap are the same but for set current map. */
const SET_CURRENT_MAP = { request: 9, response: 10 };
/** What corosync answers with, where it is not the same; 0 to what it does not know. */
const RESPONSE_IDS: Readonly<Record<Exclude<RawService, 'cmap'>, ReadonlyMap<number, number>>> = {
  quorum: responseIds(QUORUM_REQUEST_ID, QUORUM_RESPONSE_ID),
  votequorum: responseIds(VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID),
  cfg: responseIds(CFG_REQUEST_ID, CFG_RESPONSE_ID).set(1, 1),
  cpg: responseIds(CPG_REQUEST_ID, CPG_RESPONSE_ID).set(
    CPG_REQUEST_ID.partialMcast,
    CPG_RESPONSE_ID.partialSend,
  ),
};
const LATER: Readonly<Record<RawService, readonly number[]>> = {
  cmap: [],
  quorum: [],
  votequorum: [VOTEQUORUM_REQUEST_ID.qdeviceRegister],
  cfg: [CFG_REQUEST_ID.tryShutdown, CFG_REQUEST_ID.reloadConfig],
  cpg: [],
};
const BUFFER_SIZE = 1024 * 1024;
const ALL_ERRORS = Object.values(CS_ERROR_CODES);

export interface RawResponse {
  readonly error: number;
  readonly bytes: Buffer;
}

/** A request given as bytes, whatever they say; its answer as bytes. */
class RawRequest implements RequestMessage<RawResponse> {
  readonly operation = 'raw';
  readonly expectedErrors = ALL_ERRORS;
  readonly maxResponseSize = 40 + 16_385;
  readonly requestId: number;
  readonly responseId: number;
  readonly answer: 'now' | 'later';
  readonly size: number;
  readonly #bytes: Buffer;

  constructor(service: RawService, bytes: Buffer) {
    const id = bytes.readInt32LE(0);
    this.requestId = id;
    this.responseId = responseIdOf(service, id);
    this.answer = LATER[service].includes(id) ? 'later' : 'now';
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  encode(into: MessageWriter): void {
    into.copy(0, this.#bytes);
  }

  decode(response: MessageReader): RawResponse {
    return {
      error: decodeResponseHeader(response).error,
      bytes: Buffer.from(response.copy(0, response.length)),
    };
  }
}

/** A message to a process group, which is never answered. */
class RawMcast implements UnansweredMessage {
  readonly operation = 'raw';
  readonly requestId = CPG_REQUEST_ID.mcast;
  readonly answer = 'never';
  readonly barrier = new LocalGetRequest();
  readonly size: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  encode(into: MessageWriter): void {
    into.copy(0, this.#bytes);
  }
}

/** A connection for requests that our client refuses to make. */
export class RawConnection implements AsyncDisposable {
  /** Events as they came. */
  readonly events: Buffer[] = [];
  readonly #service: RawService;
  #connection!: IpcConnection;

  private constructor(service: RawService) {
    this.#service = service;
  }

  static async connect(options: ConnectOptions, service: RawService = 'cmap'): Promise<RawConnection> {
    const raw = new RawConnection(service);
    const reads = new Set<number>();
    const description = { name: service, reads, operation: 'raw', bufferSize: BUFFER_SIZE };
    raw.#connection = await connectIpc(resolveConnectOptions(options, description), {
      onEvent: (event) => void raw.events.push(Buffer.from(event.copy(0, event.length))),
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    return raw;
  }

  /** What is never answered resolves with no bytes, when it has been taken. */
  async sendBytes(bytes: Buffer): Promise<RawResponse> {
    if (this.#service === 'cpg' && bytes.readInt32LE(0) === CPG_REQUEST_ID.mcast) {
      await this.#connection.submit(new RawMcast(bytes), { timeoutMs: 10_000 });
      return { error: 0, bytes: Buffer.alloc(0) };
    }
    return this.#connection.submit(new RawRequest(this.#service, bytes), { timeoutMs: 10_000 });
  }

  send(fields: MessageFields): Promise<RawResponse> {
    return this.sendBytes(build(fields).toBytes());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

function responseIdOf(service: RawService, id: number): number {
  if (service !== 'cmap') return RESPONSE_IDS[service].get(id) ?? 0;
  return id === SET_CURRENT_MAP.request ? SET_CURRENT_MAP.response : id;
}

/** Requests and responses of one name belong together; what has no response of its name is answered with a status of id 0. */
function responseIds(
  requests: Readonly<Record<string, number>>,
  responses: Readonly<Record<string, number>>,
): Map<number, number> {
  return new Map(Object.entries(requests).map(([name, id]) => [id, responses[name] ?? 0]));
}
