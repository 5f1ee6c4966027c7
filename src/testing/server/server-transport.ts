import type { ChunkLies } from './libqb-ring.ts';
import type { WelcomeFields } from './welcome.ts';

/** How messages travel, in the words of corosync.conf's `qb_ipc_type`. */
export type IpcType = 'shm' | 'socket';

/** Requests that corosync handles at one wake-up: so many (libqb's MAX_RECV_MSGS) while totem has little to send, which is nearly always. */
export const PER_WAKE_UP = 50;

/** What goes from the server to the client. */
export type OutgoingChannel = 'response' | 'event';

/** How one connection's messages travel, once it is welcome: in rings or in datagrams. */
export interface ServerTransport {
  /** What the client is told of it. */
  readonly welcome: Pick<WelcomeFields, 'connectionType' | 'request' | 'response' | 'event'>;
  /** Where its files are. */
  readonly directory: string;
  /** Whether a byte on the setup socket announces each event. */
  readonly announcesEvents: boolean;
  /** Requests handled so far. */
  readonly handled: number;
  /** Whether the client has taken all events, and waits for no answer. */
  readonly atRest: boolean;
  /** Bytes that the client owes the server. */
  readonly owedBytes: number;
  setFlowControl(value: number): void;
  /** Bytes that the client has sent on the setup socket. */
  receiveBytes(count: number): void;
  /** How many requests this wake-up takes. @throws ServerHangs */
  beginWakeUp(atMost?: number): number;
  /** The next request. @throws BadMessage */
  peek(): Buffer;
  /**
   * What stands, at any later time, where the request was that has just been looked at: corosync's iterators look at their prefix
   * there for the first time at their first step.
   */
  reread(request: Buffer): () => Buffer;
  /** It has been answered. */
  reclaim(request: Buffer): void;
  /** Returns how many bytes are owed for the `count` requests taken. */
  endWakeUp(count: number): number;
  /** Puts a message where the client finds it; false if there is no room. */
  commit(channel: OutgoingChannel, message: Uint8Array, lies?: ChunkLies): boolean;
  /** Counts what was committed: the client looks at the count. */
  post(channel: OutgoingChannel): void;
  /** Closes its files, as a death does; they stay. */
  close(): void;
  /** Gives its files back: they are closed, and gone. */
  remove(): void;
}
