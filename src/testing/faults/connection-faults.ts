import { spoil } from './apply-fault.ts';
import type { ConnectionHost } from '../server/connection-host.ts';
import type { FakeService } from './request-names.ts';
import type { FaultsByStep, FaultStep, MessageFault, StepFault } from './fault-types.ts';
import type { MessageSubject } from '../server/service.ts';
import type { ChunkLies } from '../server/libqb-ring.ts';
import type { OutgoingChannel, ServerTransport } from '../server/server-transport.ts';

/** What the steps of a connection need of it. */
export interface SteppingConnection {
  /** Whose client is connected. */
  readonly serviceName: FakeService;
  readonly closed: boolean;
  /** Once it is established. */
  readonly transport: ServerTransport;
  close(): void;
}

type Ends = Pick<StepFault, 'close'> & { readonly die?: string | undefined };

/** One connection's steps, with the faults that strike them. */
export class ConnectionFaults {
  readonly #host: ConnectionHost;
  readonly #connection: SteppingConnection;

  constructor(host: ConnectionHost, connection: SteppingConnection) {
    this.#host = host;
    this.#connection = connection;
  }

  /** What goes wrong with this step now. */
  strike<Step extends FaultStep>(step: Step, subject: MessageSubject = {}): FaultsByStep[Step] {
    return this.#host.faults.strike(step, { ...subject, service: this.#connection.serviceName });
  }

  /** A step with the faults that strike it. False if that was the end of the connection. */
  *step<Step extends FaultStep>(
    step: Step,
    subject: MessageSubject,
    act: (fault: FaultsByStep[Step]) => void,
  ): Generator<number, boolean> {
    const fault = this.strike(step, subject);
    if (!(yield* this.begins(fault))) return false;
    act(fault);
    return !this.endsBy(fault, 'after');
  }

  /** What a fault does before its step. False if that was the end of the connection. */
  *begins(fault: Ends & Pick<StepFault, 'delayMs'>): Generator<number, boolean> {
    if (fault.delayMs !== undefined) yield fault.delayMs;
    return !this.endsBy(fault, 'before');
  }

  /** Whether the connection is at its end, by this fault or before. */
  endsBy(fault: Ends, when: 'before' | 'during' | 'after'): boolean {
    if (this.#connection.closed) return true;
    if (fault.die === when) void this.#host.die();
    else if (fault.close === when) this.#connection.close();
    return this.#connection.closed;
  }

  /** Writes a message, with its fault. False if it is not there. */
  put(channel: OutgoingChannel, message: Buffer, fault: MessageFault): boolean {
    if (fault.drop === true) return false;
    const { transport } = this.#connection;
    const bytes = spoil(message, fault);
    // A test's own `change` may have ended the server, or this connection.
    if (this.#connection.closed) return false;
    const lies: ChunkLies = { length: fault.chunkLength, magic: fault.magic };
    for (let copies = fault.duplicate === true ? 2 : 1; copies > 0; copies--) {
      if (!transport.commit(channel, bytes, lies)) return false;
      if (this.endsBy(fault, 'during')) return true;
      transport.post(channel);
    }
    return true;
  }
}
