import { bareError } from '../faults/apply-fault.ts';
import type { ConnectionFaults, SteppingConnection } from '../faults/connection-faults.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { RequestFault } from '../faults/fault-types.ts';
import { BadMessage } from './libqb-ring.ts';
import { MessageReader } from '../../codec/message-reader.ts';
import type { MessageSubject, Reply, Service } from './service.ts';
import { ServerHangs } from './server-channels.ts';
import { StepRunner, type Steps } from '../faults/steps.ts';

/** How often a server that is paused is asked again, in milliseconds. */
const RETRY_MS = 2;
/** Milliseconds after which a byte that belongs to a request that has been handled is a client's mistake. */
const OWED_BYTE_MS = 500;
/** The flow-control word of a connection that is held off. */
const HELD_OFF = 2;

/** Why connections are not read: a change of membership waits, or totem has too much to send. */
export type HoldOff = 'sync' | 'queue';

/** QB_IPC_MSG_DISCONNECT */
const DISCONNECT_ID = -3;

interface LateAnswer {
  readonly answer: Buffer;
  readonly subject: MessageSubject;
}

interface ServedConnection extends SteppingConnection {
  readonly serving: boolean;
  readonly service: Service | undefined;
  /** What a request is about. */
  subjectOf(request: Buffer): MessageSubject;
  /** Goes on after a change of flow control. */
  wake(): void;
}

/** The requests of one connection and their answers, in the order in which libqb's server takes them. */
export class RequestServer {
  readonly #host: ConnectionHost;
  readonly #connection: ServedConnection;
  readonly #faults: ConnectionFaults;
  readonly #runner = new StepRunner();
  readonly #lateRunner = new StepRunner();
  readonly #lateAnswers: LateAnswer[] = [];
  #owedTimer: NodeJS.Timeout | undefined;
  #flowTimer: NodeJS.Timeout | undefined;
  #ownFlowControl = 0;
  readonly #heldOff = new Set<HoldOff>();

  constructor(host: ConnectionHost, connection: ServedConnection, faults: ConnectionFaults) {
    this.#host = host;
    this.#connection = connection;
    this.#faults = faults;
  }

  /** This client's, or else everybody's. */
  get flowControl(): number {
    return this.#ownFlowControl || (this.#heldOff.size > 0 ? HELD_OFF : 0) || this.#host.flowControl;
  }

  /** Connections that are there already are not read for a while. */
  holdOff(why: HoldOff, held: boolean): void {
    if (held) this.#heldOff.add(why);
    else this.#heldOff.delete(why);
  }

  /** Handles what there is, unless it is under way. */
  run(): void {
    this.#runner.run(() => this.#serve());
  }

  /** Handles the requests of one wake-up. */
  wakeUp(atMost: number): void {
    this.#runner.run(() => this.#wakeUp(atMost));
  }

  /** Bytes have come on the setup socket. */
  receiveBytes(count: number): void {
    const { transport } = this.#connection;
    transport.receiveBytes(count);
    if (transport.owedBytes === 0) clearTimeout(this.#owedTimer);
    this.run();
  }

  /** Answers a request that has been handled some time ago. */
  answerLater(answer: Buffer, subject: MessageSubject = {}): void {
    this.#lateAnswers.push({ answer, subject });
    this.#lateRunner.run(() => this.#answerLate());
  }

  stop(): void {
    this.#runner.stop();
    this.#lateRunner.stop();
    clearTimeout(this.#owedTimer);
    clearTimeout(this.#flowTimer);
  }

  *#serve(): Steps {
    const connection = this.#connection;
    while (connection.serving && !connection.closed && !this.#host.paused && this.flowControl === 0) {
      const { handled } = connection.transport;
      yield* this.#wakeUp();
      if (connection.transport.handled === handled) return;
    }
  }

  /** qb_ipcs_dispatch_connection_request */
  *#wakeUp(atMost?: number): Steps {
    const { transport } = this.#connection;
    try {
      const count = transport.beginWakeUp(atMost);
      if (count > 0) this.#host.turn();
      let served = 0;
      // Flow control that comes meanwhile leaves the rest where it is.
      while (served < count && (served === 0 || this.flowControl === 0)) {
        if (!(yield* this.#serveRequest())) return;
        served += 1;
      }
      if (served > 0 && transport.endWakeUp(served) > 0) this.#expectOwedBytes();
    } catch (error) {
      if (!(error instanceof ServerHangs) && !(error instanceof BadMessage)) throw error;
      this.#host.onViolation(error);
      if (error instanceof BadMessage) this.#connection.close();
    }
  }

  /** corosync is blocked until they come. A client that posts its next request at this moment sends them at once. */
  #expectOwedBytes(): void {
    this.#owedTimer = setTimeout(() => {
      const { owedBytes } = this.#connection.transport;
      this.#host.onViolation(new ServerHangs(`waits for ${owedBytes} bytes that are not there`));
    }, OWED_BYTE_MS);
  }

  *#serveRequest(): Generator<number, boolean> {
    const { transport } = this.#connection;
    const bytes = transport.peek();
    if (bytes.length >= 4 && new MessageReader(bytes).i32(0) === DISCONNECT_ID) {
      this.#connection.close();
      return false;
    }
    const subject = this.#connection.subjectOf(bytes);
    this.#host.counters.requests += 1;
    let reply: Reply | undefined;
    const executed = yield* this.#faults.step('request', subject, (fault) => {
      reply = this.#execute(bytes, subject, fault);
    });
    if (!executed || !(yield* this.#reply(reply, subject))) return false;
    transport.reclaim(bytes);
    return true;
  }

  *#answerLate(): Steps {
    for (let late = this.#lateAnswers[0]; late !== undefined; late = this.#lateAnswers[0]) {
      while (this.#host.paused) yield RETRY_MS;
      if (this.#connection.closed || !(yield* this.#respond(late.answer, late.subject))) return;
      this.#lateAnswers.shift();
    }
  }

  *#reply(reply: Reply | undefined, subject: MessageSubject): Generator<number, boolean> {
    return reply === 'later' || reply === 'never' || (yield* this.#respond(reply, subject));
  }

  #execute(bytes: Buffer, subject: MessageSubject, { flowControl, error }: RequestFault): Reply | undefined {
    const { service, transport } = this.#connection;
    if (flowControl !== undefined) this.#holdOff(flowControl);
    if (error !== undefined) return service?.isAnswered?.(bytes) === false ? 'never' : bareError(error);
    return service?.handle(bytes, {
      reread: transport.reread(bytes),
      answerLater: (answer) => this.answerLater(answer, subject),
    });
  }

  *#respond(response: Buffer | undefined, subject: MessageSubject): Generator<number, boolean> {
    return yield* this.#faults.step('response', subject, (fault) => {
      const sent = response !== undefined && this.#faults.put('response', response, fault);
      this.#host.counters[sent ? 'responses' : 'droppedResponses'] += 1;
    });
  }

  #holdOff({ value, forMs }: { value: number; forMs: number }): void {
    this.#ownFlowControl = value;
    this.#connection.transport.setFlowControl(this.flowControl);
    clearTimeout(this.#flowTimer);
    this.#flowTimer = setTimeout(() => {
      this.#ownFlowControl = 0;
      this.#connection.wake();
    }, forMs);
  }
}
