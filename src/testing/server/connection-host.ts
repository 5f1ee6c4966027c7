import type { DatagramBackend } from './server-datagram-socket.ts';
import type { Faults } from '../faults/faults.ts';

/** What a client gets for a request: its answer; one that the service gives later, to `answerLater`; or none, as is right for that request. */
export type Reply = Buffer | 'later' | 'never';

/** What executes a client's requests. */
export interface Service {
  /**
   * undefined: the answer is lost.
   * @param reread what stands in the request's place at any later time
   */
  handle(request: Buffer, reread: () => Buffer): Reply | undefined;
  close(): void;
}

/** What a server counts over all its connections. */
export interface Counters {
  /** Connections that were made. */
  connections: number;
  /** Attempts that were refused. */
  refused: number;
  /** Requests that have come. */
  requests: number;
  /** Answers that were written. */
  responses: number;
  /** Answers that were never written: the ring was full, or a fault took them. */
  droppedResponses: number;
  /** Notifications that were written. */
  events: number;
}

/** What the parts of a connection need of its server. */
export interface ConnectionHost {
  readonly service: string;
  readonly sharedMemoryDirectory: string;
  readonly pid: number;
  /** For datagrams; undefined: the transport is shared memory. */
  readonly datagrams: DatagramBackend | undefined;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly paused: boolean;
  readonly flowControl: number;
  /** corosync's main loop turns: events of any connection that have found no room try again. */
  turn(): void;
  /** A client did what would harm corosync. */
  onViolation(error: Error): void;
  die(): Promise<void>;
}
