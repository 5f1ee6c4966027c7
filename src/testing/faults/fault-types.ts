import type { CsErrorName } from '../../errors/index.ts';
import type { FakeService, RequestName } from './request-names.ts';
import type { WelcomeFields } from '../server/welcome.ts';

/** What every step of a connection can suffer. `before` and `after` are those of the step. */
export interface StepFault {
  /** Waits so many milliseconds (0 to 2147483647) before the step. Whatever comes behind it on this connection waits, too. */
  readonly delayMs?: number | undefined;
  /** Closes this connection, as corosync does when a client breaks the protocol. */
  readonly close?: 'before' | 'after' | undefined;
  /** Dies: see `FakeCorosync.die`. */
  readonly die?: 'before' | 'after' | undefined;
}

/** The handshake's answer. */
export interface WelcomeFault extends StepFault {
  /** Refuses the connection with this errno: a name in Node's `os.constants.errno`, or a number from 1 on. */
  readonly refuse?: string | number | undefined;
  /** Fields of the answer that are to be something else. */
  readonly fields?: { readonly [Name in keyof WelcomeFields]?: WelcomeFields[Name] | undefined } | undefined;
  /** Sends the answer in pieces of these sizes, each from 1 on (the rest as the last one), a turn of the event loop apart. */
  readonly split?: readonly number[] | undefined;
  /** The last word on the answer's bytes: they may be changed, fewer or more. */
  readonly change?: ((answer: Buffer) => Uint8Array) | undefined;
}

export interface RequestFault extends StepFault {
  /** Does not execute the request, but answers with this error: 24 bytes, as corosync does when it is overloaded. */
  readonly error?: CsErrorName | number | undefined;
  /** Holds this client off: sets its flow-control word, and reads none of its requests for `forMs` milliseconds. */
  readonly flowControl?: { readonly value: 1 | 2; readonly forMs: number } | undefined;
}

/** A chunk of the response or the event ring. */
export interface MessageFault extends Omit<StepFault, 'die'> {
  /** `during`: the chunk is in the ring, but nobody has been told. Shared memory only. */
  readonly die?: 'before' | 'during' | 'after' | undefined;
  /** Does not write it. With a response, this is also what corosync does when the ring is full. */
  readonly drop?: boolean | undefined;
  /** Writes it twice; an event is announced twice, too. */
  readonly duplicate?: boolean | undefined;
  /** The chunk's magic. Shared memory only. */
  readonly magic?: number | undefined;
  /** The length that the chunk's header states. Shared memory only. */
  readonly chunkLength?: number | undefined;
  /** The length that the message's header states. */
  readonly size?: number | undefined;
  /** The message's id. */
  readonly id?: number | undefined;
  /** The message's cs_error_t. (The request has been executed.) */
  readonly error?: CsErrorName | number | undefined;
  /** The last word on the message's bytes. */
  readonly change?: ((message: Buffer) => Uint8Array) | undefined;
}

/** The byte that announces an event. */
export interface ByteFault extends StepFault {
  /** How many bytes are sent instead of one, 0 to 1048576. */
  readonly count?: number | undefined;
}

/** The steps of a connection in their order, and what can go wrong with each. */
export interface FaultsByStep {
  /** A client connects to the socket. */
  readonly accept: StepFault;
  /** Its connection request of 24 bytes has come. */
  readonly authenticate: StepFault;
  /** The rings are made, and it is told their names. */
  readonly welcome: WelcomeFault;
  /** A request has been read, and is executed. */
  readonly request: RequestFault;
  /** Its answer goes into the response ring. */
  readonly response: MessageFault;
  /** A notification goes into the event ring. */
  readonly event: MessageFault;
  /** The notification's byte goes to the socket. Shared memory only. */
  readonly byte: ByteFault;
}

/** The steps of a connection: see `FaultsByStep`. */
export type FaultStep = keyof FaultsByStep;

/** When a fault strikes: all that is given must hold. */
export interface FaultCondition<Step extends FaultStep> {
  /** The step of a connection at which it strikes. */
  readonly step: Step;
  /** Only connections to this service. Default: to any. */
  readonly service?: FakeService | undefined;
  /** Only this kind of request. With the steps `request` and `response` only. Some services have requests of the same name. */
  readonly request?: RequestName | undefined;
  /** Only this key of cmap: of the request, or of the notification. With the steps `request`, `response`, `event` and `byte` only. */
  readonly key?: string | undefined;
  /** The first time that it strikes, from 1 on, counted in steps for which the rest holds. Default 1, the next one. */
  readonly nth?: number | undefined;
  /** How many times in a row it strikes, from 1 on. Default 1; Infinity: until it is removed. */
  readonly times?: number | undefined;
}

interface FaultAt<Step extends FaultStep, Effect> {
  readonly when: FaultCondition<Step>;
  readonly do: Effect;
}

/**
 * One thing that goes wrong, for example `{ when: { step: 'response', request: 'get' }, do: { drop: true } }`.
 * What every step can suffer goes with a step that is known at run time only.
 */
export type Fault =
  | FaultAt<FaultStep, StepFault>
  | FaultAt<'welcome', WelcomeFault>
  | FaultAt<'request', RequestFault>
  | FaultAt<'response' | 'event', MessageFault>
  | FaultAt<'byte', ByteFault>;
