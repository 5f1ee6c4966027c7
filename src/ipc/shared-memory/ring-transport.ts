import type { ConnectionError } from '../../errors/index.ts';
import type { EventChannel, EventWaking } from '../event-backlog.ts';
import type { BatchTurn } from '../turns/batch-turn.ts';
import type { EventRing } from './event-ring.ts';
import { PipelinedTransport } from '../pipelined-transport.ts';
import { RequestPipeline } from './ring-pipeline.ts';
import type { RequestRing } from './request-ring.ts';
import type { ResponseRing } from './response-ring.ts';
import type { SetupSocket } from '../setup-socket.ts';
import type { Transport, TransportListener } from '../transport.ts';

/** The four one-way channels of a connection over shared memory. */
export interface RingChannels {
  readonly setup: SetupSocket;
  readonly requests: RequestRing;
  readonly responses: ResponseRing;
  readonly events: EventRing;
  readonly maxMessageSize: number;
  readonly turn?: BatchTurn | undefined;
  removeLeftovers(lost: boolean): void;
}

/** Rings in shared memory: corosync's default on Linux. */
export class RingTransport extends PipelinedTransport implements Transport {
  readonly kind = 'shared-memory';
  readonly #channels: RingChannels;
  protected override readonly pipeline: RequestPipeline;
  #serverGone = false;
  #onFailure: (cause: unknown) => void = () => undefined;

  constructor(channels: RingChannels) {
    super();
    this.#channels = channels;
    this.pipeline = new RequestPipeline(
      channels.requests,
      channels.responses,
      channels.maxMessageSize,
      (count) => channels.setup.sendRequestBytes(count),
      (cause) => this.#onFailure(cause),
      channels.turn,
      this.pace,
    );
  }

  get maxMessageSize(): number {
    return this.#channels.maxMessageSize;
  }

  listen(listener: TransportListener): void {
    this.#onFailure = (cause) => listener.onFailure(cause);
    if (listener.waking !== undefined) this.watchBacklog(this.#eventChannel(listener.waking), listener);
    this.#channels.setup.listen(
      (count) => this.#drain(count, listener),
      (error) => this.#lost(error, listener),
    );
  }

  unref(): void {
    this.#channels.setup.unref();
    this.pipeline.unref();
  }

  stop(error: ConnectionError): void {
    const { setup, requests, responses, events } = this.#channels;
    setup.destroy();
    this.endBacklog(error);
    this.pipeline.stop(error, this.#serverGone);
    requests.close();
    responses.close();
    events.close();
  }

  removeLeftovers(lost: boolean): void {
    this.#channels.removeLeftovers(lost);
  }

  /** What corosync had told is handed out first: its bytes may have been lost with the socket, or never sent. */
  #lost(error: ConnectionError, listener: TransportListener): void {
    this.#serverGone = true;
    this.#channels.events.drainRest((event) => listener.onEvent(event));
    listener.onDrained();
    listener.onLost(error);
  }

  #eventChannel(waking: EventWaking): EventChannel {
    const { events } = this.#channels;
    return {
      room: events.roomFor(waking.largestEvent),
      get taken() {
        return events.taken;
      },
      written: () => events.written(),
    };
  }

  /** Returns the milliseconds to rest. */
  #drain(count: number, listener: TransportListener): number {
    const { events } = this.#channels;
    try {
      const restMs = events.drain(count, (event) => listener.onEvent(event));
      listener.onDrained();
      this.pipeline.eventsCame();
      this.eventsTaken(events.held, events.left, events.lastTaken);
      return restMs;
    } catch (error) {
      listener.onDrained();
      listener.onFailure(error);
      return 0;
    }
  }
}
