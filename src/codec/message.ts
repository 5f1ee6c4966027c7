import type { CsErrorName } from '../errors/index.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

/**
 * Requests that list keys and requests that change what may be listed: corosync can lose keys or crash where they meet, so they take
 * turns.
 */
export type TurnKind = 'list' | 'change';

/** Bounds how many requests of a service are under way: whatever room the connection has, they wait for this, too. */
export interface SendWindow {
  /** Whether the request may go out now. Whoever says no has the connection try again when it may (`resume`). */
  admits(message: AnyMessage): boolean;
  /** The request goes out, and nothing holds it back any more. */
  took(message: AnyMessage): void;
  /** Why a request waits, for errors. */
  readonly hindrance: string;
}

/** What every request has, answered or not. */
interface OutgoingMessage {
  /** The C function that this request stands for, for errors: `'cmap_get'`. */
  readonly operation: string;
  /** Says to the service what is asked. A client that may only read sends those that read (`READS` beside the ids). */
  readonly requestId: number;
  readonly key?: string;
  /** Bytes of the encoded request, header included. */
  readonly size: number;
  /** Whether it changes something, and so may have taken effect though its answer never came: for errors. Default false. */
  readonly changes?: boolean;
  readonly turn?: TurnKind;
  /** Without one, only the connection's room counts. */
  readonly window?: SendWindow | undefined;
  /** A batch of such requests may fill the ring: corosync looks at none of them again. Default: a batch has a bounded part of it. */
  readonly fillsRing?: boolean;
  encode(into: MessageWriter): void;
  /** Bytes at its end that need not be copied. Without them, or where they are few, all of it is encoded. */
  readonly tail?: MessageTail;
}

/** The end of a request: bytes that are taken from where they are, and what is encoded before them. */
export interface MessageTail {
  readonly bytes: Uint8Array;
  /** Bytes before the tail. */
  readonly headSize: number;
  encodeHead(into: MessageWriter): void;
}

/** One request of a corosync service with its response: all that the ipc layer must know to carry both. */
export interface RequestMessage<T> extends OutgoingMessage {
  /**
   * `'now'` (default): before corosync takes the next request of the connection. `'later'`: from a later turn of its main loop, with other
   * work between; what is sent behind such a request may be answered first, so nothing is sent behind it until it is answered.
   */
  readonly answer?: 'now' | 'later';
  /** The most bytes its response can have: a batch's responses must fit the response ring together. */
  readonly maxResponseSize: number;
  readonly responseId: number;
  /**
   * corosync remembers the address of the connection until it answers, and may crash if the connection has ended by then: it stays
   * open, hidden if need be, until the answer has come.
   */
  readonly holdsConnection?: boolean;
  /** corosync looks into this request again when it handles the one that follows up: nothing may overwrite it before. */
  readonly readUntilFollowUp?: boolean;
  /** The handle of what rests at corosync from this request on, until one that `ends` it is answered: the turn lasts as long. */
  readonly rests?: bigint;
  readonly ends?: bigint;
  /** `cs_error_t` numbers that `decode` wants to see; any other than CS_OK rejects the call. */
  readonly expectedErrors?: readonly number[];
  /** What an answer with such an error means for this service, in words for the error's message. */
  readonly hints?: Partial<Record<CsErrorName, string>>;
  decode(response: MessageReader, csError: number): T;
}

/**
 * A request that corosync never answers. That it has been taken is known by the answer to a later request of the same connection, for corosync takes them in
 * their order; or, over shared memory, by the place in the ring that corosync gives back.
 */
export interface UnansweredMessage extends OutgoingMessage {
  readonly answer: 'never';
  /** What is sent behind such requests over datagrams, if nothing else follows: cheap, without effect, and answered now. */
  readonly barrier: RequestMessage<unknown>;
}

/** A request of either kind. */
export type AnyMessage = RequestMessage<unknown> | UnansweredMessage;
