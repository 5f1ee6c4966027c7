import type { ConnectionFaults, SteppingConnection } from '../faults/connection-faults.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { MessageFault } from '../faults/fault-types.ts';
import type { MessageSubject } from './service.ts';
import { StepRunner, type Steps } from '../faults/steps.ts';

/** When an event that did not fit its ring is tried again, in milliseconds, unless corosync's main loop turns before. */
export const RETRY_MS = 50;

interface OutgoingEvent {
  readonly bytes: Buffer;
  readonly fault: MessageFault;
}

interface EventConnection extends SteppingConnection {
  /** What an event is about. */
  eventSubject(event: Buffer): MessageSubject;
  /** Bytes on the setup socket. */
  sendBytes(count: number): void;
}

/** The events of one connection: in their order, each as soon as there is room, and then its byte. */
export class EventSender {
  readonly #host: ConnectionHost;
  readonly #connection: EventConnection;
  readonly #faults: ConnectionFaults;
  readonly #runner = new StepRunner();
  readonly #outgoing: OutgoingEvent[] = [];
  #waitsForRoom = false;

  constructor(host: ConnectionHost, connection: EventConnection, faults: ConnectionFaults) {
    this.#host = host;
    this.#connection = connection;
    this.#faults = faults;
  }

  /** Events that wait for room in the ring. */
  get queued(): number {
    return this.#outgoing.length;
  }

  /** Sends an event, or queues it behind those that wait. */
  send(bytes: Buffer): void {
    const fault = this.#faults.strike('event', this.#connection.eventSubject(bytes));
    this.#outgoing.push({ bytes, fault });
    this.run();
  }

  /** Goes on, unless it is under way. */
  run(): void {
    this.#runner.run(() => this.#sendAll());
  }

  /** corosync's main loop turns: what has found no room tries again. */
  tryAgain(): void {
    if (this.#waitsForRoom) this.#runner.hurry();
  }

  stop(): void {
    this.#runner.stop();
  }

  *#sendAll(): Steps {
    for (let event = this.#outgoing[0]; event !== undefined; event = this.#outgoing[0]) {
      if (this.#host.paused || this.#connection.closed) return;
      if (!(yield* this.#send(event))) return;
    }
  }

  /** False if that was the end of the connection. */
  *#send({ bytes, fault }: OutgoingEvent): Generator<number, boolean> {
    if (!(yield* this.#faults.begins(fault))) return false;
    while (fault.drop !== true && !this.#faults.put('event', bytes, fault)) {
      this.#waitsForRoom = true;
      yield RETRY_MS;
      this.#waitsForRoom = false;
    }
    this.#outgoing.shift();
    if (this.#faults.endsBy(fault, 'after')) return false;
    if (fault.drop === true) return true;
    this.#host.counters.events += 1;
    if (!this.#connection.transport.announcesEvents) return true;
    return yield* this.#announce(bytes, fault.duplicate === true ? 2 : 1);
  }

  *#announce(event: Buffer, count: number): Generator<number, boolean> {
    return yield* this.#faults.step('byte', this.#connection.eventSubject(event), (fault) =>
      this.#connection.sendBytes(fault.count ?? count),
    );
  }
}
