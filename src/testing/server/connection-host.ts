import type { DatagramBackend } from './server-datagram-socket.ts';
import type { Faults } from '../faults/faults.ts';

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
