import { message, requestHeader, responseHeader, type Message, type ResError } from './message.ts';

/** struct qb_ipc_connection_request */
export function connectionRequest({ maxMessageSize }: { readonly maxMessageSize: number }): Message {
  return requestHeader(-1, 24).i32(maxMessageSize).pad(4).at(24);
}

export interface ConnectionResponse extends ResError {
  /** 0 datagram sockets, 1 shared memory */
  readonly connectionType: number;
  readonly maxMessageSize: number;
  /** The server's pointer to its connection, of no use to a client. */
  readonly connection: string;
  readonly request: string;
  readonly response: string;
  readonly event: string;
}

/** struct qb_ipc_connection_response */
export function connectionResponse(fields: ConnectionResponse): Message {
  const path = (text: string): Message =>
    message()
      .ascii(text)
      .zeros(4096 - text.length);
  return responseHeader(-1, 12328, fields.error)
    .at(24)
    .i32(fields.connectionType)
    .at(28)
    .i32(fields.maxMessageSize)
    .at(32)
    .u64(BigInt(fields.connection))
    .at(40)
    .bytes(path(fields.request))
    .at(4136)
    .bytes(path(fields.response))
    .at(8232)
    .bytes(path(fields.event))
    .at(12328);
}
