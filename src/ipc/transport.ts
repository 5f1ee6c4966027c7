import type { MessageReader } from '../codec/message-reader.ts';
import type { RequestMessage } from '../codec/message.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { PendingCall, Urgency } from './calls/pending-call.ts';
import type { EventWaking } from './event-backlog.ts';

/** What carries the messages of a connection; corosync decides (`system { qb_ipc_type }`). */
export type TransportKind = 'shared-memory' | 'socket';

/** What a connection hears from its transport. */
export interface TransportListener {
  /** How events are fetched that wait inside corosync; without it, they come when corosync looks after them by itself. */
  readonly waking?: EventWaking | undefined;
  /** One event message: the window is good for this call only. */
  onEvent(event: MessageReader): void;
  /** Every event that was there has been handed on. */
  onDrained(): void;
  /** What arrives can no longer be understood. */
  onFailure(cause: unknown): void;
  /** Whether events wait inside corosync has changed. */
  onBehind(behind: boolean): void;
  /** corosync closed the connection or died. */
  onLost(error: ConnectionError): void;
}

/** The channels of one connection behind one face: nothing above it knows what they are made of. */
export interface Transport {
  readonly kind: TransportKind;
  /** The largest message that either side may send, in bytes. */
  readonly maxMessageSize: number;
  /** Whether nobody waits for an answer. */
  readonly settled: boolean;
  /** Whether events may wait inside corosync, because there was no room for them on their way to us. Needs `waking`. */
  readonly behind: boolean;
  /** How many such requests go out in one batch at most. */
  mostTogether(message: RequestMessage<unknown>): number;
  /** Begins to hand on what arrives; comes before the first call. */
  listen(listener: TransportListener): void;
  /** Sends a request and settles its call; urgent ones go before all that is queued. */
  submit(call: PendingCall, urgent?: Urgency): void;
  /** Requests that a window has held back may go out now. */
  resume(): void;
  /** Resolves when every call made so far is settled. */
  whenSettled(): Promise<void>;
  /**
   * Resolves when every event has been handed on that corosync had to tell before it gave the last answer; rejects at the end of the
   * connection. Needs `waking`.
   */
  eventsCaughtUp(): Promise<void>;
  /** Whether corosync still has an answer to give before which the connection must not end. */
  readonly holdsConnection: boolean;
  /**
   * For the end of a connection that must not end yet: what waits fails with `error`, and nothing more is sent. Events are taken as
   * before. Calls back when that answer has come; the end of corosync is told as ever.
   */
  hide(error: ConnectionError, whenAnswered: () => void): void;
  /** From now on a hidden connection does not keep the process alive. */
  unref(): void;
  /** Closes everything; what waits fails with `error`. Nothing is called back afterwards. */
  stop(error: ConnectionError): void;
  /** Removes what a dead server leaves behind. `lost`: the server has closed the connection, not we. */
  removeLeftovers(lost: boolean): void;
}
