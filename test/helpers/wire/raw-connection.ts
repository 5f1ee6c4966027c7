import { decodeResponseHeader } from '../../../src/codec/header.ts';
import type { MessageReader } from '../../../src/codec/message-reader.ts';
import type { MessageWriter } from '../../../src/codec/message-writer.ts';
import type { RequestMessage } from '../../../src/codec/message.ts';
import type { CmapConnectOptions } from '../../../src/index.ts';
import { resolveCmapOptions } from '../../../src/cmap/connect-options.ts';
import { connectIpc, type IpcConnection } from '../../../src/ipc/index.ts';
import { CS_ERROR_CODES } from '../../../src/errors/index.ts';
import { build, type MessageFields } from './message-builder.ts';

/** Request and response ids are the same but for set current map. */
const SET_CURRENT_MAP = { request: 9, response: 10 };
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
  readonly responseId: number;
  readonly size: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    const id = bytes.readInt32LE(0);
    this.responseId = id === SET_CURRENT_MAP.request ? SET_CURRENT_MAP.response : id;
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

/** A connection for requests that our client refuses to make. */
export class RawConnection implements AsyncDisposable {
  /** Notifications as they came. */
  readonly events: Buffer[] = [];
  #connection!: IpcConnection;

  static async connect(options: CmapConnectOptions): Promise<RawConnection> {
    const raw = new RawConnection();
    raw.#connection = await connectIpc(resolveCmapOptions(options), {
      onEvent: (event) => void raw.events.push(Buffer.from(event.copy(0, event.length))),
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    return raw;
  }

  sendBytes(bytes: Buffer): Promise<RawResponse> {
    return this.#connection.submit(new RawRequest(bytes), { timeoutMs: 10_000 });
  }

  send(fields: MessageFields): Promise<RawResponse> {
    return this.sendBytes(build(fields).toBytes());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}
