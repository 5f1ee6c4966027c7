import type { FakeService, RequestName } from '../faults/request-names.ts';

/** What a client gets for a request: its answer; one that the service gives later, to `answerLater`; or none, as is right for that request. */
export type Reply = Buffer | 'later' | 'never';

/** What goes with a request. */
export interface RequestContext {
  /** What stands in the request's place at any later time. */
  readonly reread: () => Buffer;
  /** Answers the request some time after it has been handled. */
  readonly answerLater: (answer: Buffer) => void;
}

/** What executes one client's requests. */
export interface Service {
  /** undefined: the answer is lost. */
  handle(request: Buffer, context: RequestContext): Reply | undefined;
  /** Whether corosync ever answers it, be it with an error. Default: yes. */
  isAnswered?(request: Buffer): boolean;
  /** The client is gone, or the server is, with all of its clients. */
  close(gone: 'client' | 'server'): void;
}

/** One client's connection, as its service sees it. */
export interface ServiceConnection {
  /** Sends an event, or queues it behind those that wait. */
  send(event: Buffer): void;
}

/** What a message is about, for faults that strike only some. */
export interface MessageSubject {
  readonly request?: RequestName | undefined;
  readonly key?: string | undefined;
}

/** A service as the server serves it, on a socket of its own. */
export interface ServedService<Connection extends ServiceConnection = ServiceConnection> {
  readonly name: FakeService;
  /** What a request is about. */
  subjectOf(request: Buffer): MessageSubject;
  /** What an event is about. */
  eventSubject(event: Buffer): MessageSubject;
  /** The service towards a client that has just connected. */
  open(connection: Connection): Service;
}
