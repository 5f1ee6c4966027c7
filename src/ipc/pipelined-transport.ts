import type { RequestMessage } from '../codec/message.ts';
import type { ConnectionError } from '../errors/index.ts';
import { ChangePace } from './calls/change-pace.ts';
import type { PendingCall, Urgency } from './calls/pending-call.ts';
import { EventBacklog, type EventChannel } from './event-backlog.ts';
import type { TransportListener } from './transport.ts';

/** Sends requests in batches, and matches answers to them. */
export interface Pipeline {
  readonly settled: boolean;
  readonly holdsConnection: boolean;
  mostTogether(message: RequestMessage<unknown>): number;
  submit(call: PendingCall, urgent?: Urgency): void;
  resume(): void;
  whenSettled(): Promise<void>;
  hide(error: ConnectionError, whenAnswered: () => void): void;
}

/** What all transports do alike: calls go to a pipeline, and events that wait inside corosync are fetched. */
export abstract class PipelinedTransport {
  protected abstract readonly pipeline: Pipeline;
  /** What changes wait for. */
  protected readonly pace = new ChangePace();
  #backlog: EventBacklog | undefined;

  get settled(): boolean {
    return this.pipeline.settled;
  }

  get behind(): boolean {
    return this.#backlog?.exists ?? false;
  }

  get holdsConnection(): boolean {
    return this.pipeline.holdsConnection;
  }

  mostTogether(message: RequestMessage<unknown>): number {
    return this.pipeline.mostTogether(message);
  }

  submit(call: PendingCall, urgent?: Urgency): void {
    this.pipeline.submit(call, urgent);
  }

  resume(): void {
    this.pipeline.resume();
  }

  whenSettled(): Promise<void> {
    return this.pipeline.whenSettled();
  }

  async eventsCaughtUp(): Promise<void> {
    await this.#backlog?.caughtUp();
  }

  hide(error: ConnectionError, whenAnswered: () => void): void {
    this.endBacklog(error);
    this.pipeline.hide(error, whenAnswered);
  }

  /** Fetches from now on what waits inside corosync, if the service can. */
  protected watchBacklog(channel: EventChannel, listener: TransportListener): void {
    const { waking } = listener;
    if (waking === undefined) return;
    this.#backlog = new EventBacklog(
      channel,
      waking,
      (call, urgent) => this.submit(call, urgent),
      (cause) => listener.onFailure(cause),
      (behind) => {
        if (waking.holdsChanges !== false) this.pace.turned(behind);
        listener.onBehind(behind);
      },
    );
  }

  /** Events have been taken: see EventBacklog.drained. */
  protected eventsTaken(held: number, left: number, unseen?: number): void {
    this.#backlog?.drained(held, left, unseen);
  }

  protected endBacklog(error: ConnectionError): void {
    this.#backlog?.stop(error);
    this.#backlog = undefined;
  }
}
