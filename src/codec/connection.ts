import { encodeRequestHeader } from './header.ts';
import { malformed } from './malformed.ts';
import { MessageReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';

/** QB_IPC_MSG_AUTHENTICATE: the one message of the setup channel in each direction. */
export const AUTHENTICATE_ID = -1;

/*
 * struct qb_ipc_connection_request (24)
 *    0  struct qb_ipc_request_header  id AUTHENTICATE
 *   16  u32  max_msg_size
 */
export const CONNECTION_REQUEST_SIZE = 24;

export function encodeConnectionRequest(maxMessageSize: number): Buffer {
  const writer = new MessageWriter(Buffer.alloc(CONNECTION_REQUEST_SIZE));
  encodeRequestHeader(writer, { requestId: AUTHENTICATE_ID, size: CONNECTION_REQUEST_SIZE });
  writer.u32(16, maxMessageSize);
  return writer.bytes;
}

/*
 * struct qb_ipc_connection_response (12328)
 *    0  struct qb_ipc_response_header  id AUTHENTICATE, error 0 or a negative errno
 *   24  i32  connection_type           0 datagram sockets, 1 shared memory
 *   28  u32  max_msg_size
 *   32  ptr  connection                the server's own, meaningless to us
 *   40  char request[4096]             NUL-terminated
 * 4136  char response[4096]
 * 8232  char event[4096]
 */
export const CONNECTION_RESPONSE_SIZE = 12328;
const PATH_MAX = 4096;

export interface ConnectionResponse {
  /** 0, or the negative errno with which corosync refuses. */
  readonly error: number;
  readonly transport: 'socket' | 'shared-memory';
  readonly maxMessageSize: number;
  readonly request: string;
  readonly response: string;
  readonly event: string;
}

export function decodeConnectionResponse(bytes: Buffer): ConnectionResponse {
  const reader = new MessageReader(bytes);
  if (reader.length !== CONNECTION_RESPONSE_SIZE) {
    throw malformed(`connection response has ${reader.length} bytes, not ${CONNECTION_RESPONSE_SIZE}`);
  }
  const id = reader.i32(0);
  if (id !== AUTHENTICATE_ID) throw malformed(`connection response has id ${id}`);
  const error = reader.i32(16);
  if (error > 0) throw malformed(`connection response has error ${error}, which is no negative errno`);
  return {
    error,
    transport: decodeTransport(reader.i32(24), error),
    maxMessageSize: reader.u32(28),
    request: decodePath(reader, 40),
    response: decodePath(reader, 40 + PATH_MAX),
    event: decodePath(reader, 40 + 2 * PATH_MAX),
  };
}

function decodeTransport(type: number, error: number): ConnectionResponse['transport'] {
  if (type === 1) return 'shared-memory';
  // A refusal leaves the field unset.
  if (type === 0 || error !== 0) return 'socket';
  throw malformed(`unknown connection type ${type}`);
}

function decodePath(reader: MessageReader, offset: number): string {
  const length = reader.lengthToNul(offset, PATH_MAX);
  if (length === PATH_MAX) throw malformed('path in the connection response is not terminated');
  return reader.latin1(offset, length);
}
