import { AUTHENTICATE_ID, CONNECTION_RESPONSE_SIZE } from '../../codec/connection.ts';
import { MessageWriter } from '../../codec/message-writer.ts';

/** The fields of libqb's connection response (struct qb_ipc_connection_response; the layout stands in codec/connection.ts). */
export interface WelcomeFields {
  /** The id of the message. */
  readonly id: number;
  /** The size that the message states. */
  readonly size: number;
  /** 0, or a negative errno. */
  readonly error: number;
  /** 0 datagram sockets, 1 shared memory. */
  readonly connectionType: number;
  /** The bytes that a message may have, as granted. */
  readonly maxMessageSize: number;
  /** The path of the request ring, or of the control file. */
  readonly request: string;
  /** The path of the response ring, or the name of the datagram sockets. */
  readonly response: string;
  /** The path of the event ring. */
  readonly event: string;
}

const PATHS = { request: 40, response: 4136, event: 8232 } as const;
const PATH_MAX = 4096;

/** A refusal has nothing but its error. */
export function refusal(errno: number): WelcomeFields {
  return { ...EMPTY, error: -errno };
}

export const EMPTY: WelcomeFields = {
  id: AUTHENTICATE_ID,
  size: CONNECTION_RESPONSE_SIZE,
  error: 0,
  connectionType: 0,
  maxMessageSize: 0,
  request: '',
  response: '',
  event: '',
};

export function encodeWelcome(fields: WelcomeFields): Buffer {
  const writer = new MessageWriter(Buffer.alloc(CONNECTION_RESPONSE_SIZE));
  writer.i32(0, fields.id);
  writer.i32(8, fields.size);
  writer.i32(16, fields.error);
  writer.i32(24, fields.connectionType);
  writer.u32(28, fields.maxMessageSize);
  for (const path of ['request', 'response', 'event'] as const) {
    writer.latin1(PATHS[path], fields[path].slice(0, PATH_MAX));
  }
  return writer.bytes;
}
