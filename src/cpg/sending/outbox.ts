import { MAX_ATOMIC_MESSAGE } from '../../codec/cpg/mcast.ts';
import type { Sent } from '../../errors/index.ts';
import { Deferred, within, type SubmitOptions } from '../../ipc/index.ts';
import type { CallLimits } from '../../options/call-options.ts';
import type { CallSubject, ServiceClient } from '../../service/index.ts';
import { afterTaken } from '../after-taken.ts';
import { FragmentSender } from './fragments.ts';
import { Multicast, type LargeMessage } from './own-message.ts';
import type { OwnWindow } from './own-window.ts';

/** Bytes of the largest message that goes out whole. Over datagrams the event that brings it back must fit one. */
const LARGEST_WHOLE = { 'shared-memory': MAX_ATOMIC_MESSAGE, socket: 60_000 } as const;

/** A message that waits until a large one is out. Its turn has come. */
type Start = () => void;

/**
 * Sends messages in the order in which they come. The connection's queue keeps that order; but while a large message goes out in fragments, those behind it
 * wait here: fragments may have to begin again, and nothing may come between.
 */
export class Outbox {
  readonly #service: ServiceClient;
  readonly #group: string;
  /** Of what is sent, for errors. */
  readonly #subject: Required<CallSubject>;
  readonly #window: OwnWindow;
  readonly #fragments: FragmentSender;
  readonly #largestWhole: number;
  /** In the order of their calls; one that is given up is not kept. */
  readonly #waiting = new Set<Start>();
  /** Those who wait for a large message, or behind one, or for their message to come back. */
  readonly #callers = new Set<Promise<void>>();
  /** While a large message goes out. */
  #large: Promise<void> | undefined;

  constructor(service: ServiceClient, group: string, window: OwnWindow) {
    this.#service = service;
    this.#group = group;
    this.#subject = { operation: 'cpg_mcast_joined', key: group };
    this.#window = window;
    this.#fragments = new FragmentSender(service, group, window);
    this.#largestWhole = LARGEST_WHOLE[service.transport];
  }

  /** Resolves when corosync has taken the message. @param delivery of who waits for its coming back */
  send(bytes: Uint8Array, limits: CallLimits, delivery?: Deferred<void>): Promise<void> {
    const mustWait = this.#large !== undefined || this.#waiting.size > 0;
    if (mustWait || bytes.length > this.#largestWhole)
      return this.#await(this.#inTurn(bytes, limits, delivery));
    return this.#sendWhole(bytes, limits, delivery);
  }

  /** Resolves when the message has come back from the group. */
  sendDelivered(bytes: Uint8Array, limits: CallLimits): Promise<void> {
    return this.#await(this.#untilDelivered(bytes, limits));
  }

  /** Resolves when no large message is under way, and all behind it have gone into the connection's queue. */
  async whenIdle(): Promise<void> {
    while (this.#large !== undefined) await this.#large;
  }

  /** Resolves when nobody waits for a message any more, and one that all have given up is out, or was not within `patienceMs`. */
  async finish(patienceMs: number): Promise<void> {
    while (this.#callers.size > 0) await Promise.allSettled(this.#callers);
    const limits = { ...this.#subject, timeoutMs: patienceMs };
    await within(this.whenIdle(), limits).catch(() => this.#fragments.stop());
  }

  #sendWhole(bytes: Uint8Array, limits: CallLimits, delivery?: Deferred<void>): Promise<void> {
    const message = new Multicast(this.#group, bytes, this.#window, delivery);
    this.#window.queued(message.length);
    return this.#service.send(message, this.#optionsOf(limits));
  }

  async #untilDelivered(bytes: Uint8Array, limits: CallLimits): Promise<void> {
    const startedAt = performance.now();
    const delivery = new Deferred<void>();
    await this.send(bytes, limits, delivery);
    const missing = (): string => 'the message was taken, and has not come back from the group';
    await afterTaken(delivery.promise, this.#subject, limits, { startedAt, missing });
  }

  #await(call: Promise<void>): Promise<void> {
    this.#callers.add(call);
    const over = (): void => void this.#callers.delete(call);
    call.then(over, over);
    return call;
  }

  async #inTurn(bytes: Uint8Array, limits: CallLimits, delivery?: Deferred<void>): Promise<void> {
    const startedAt = performance.now();
    const result = new Deferred<void>();
    const started = new Deferred<void>();
    const start = (): void => {
      started.resolve();
      this.#window.unqueued(bytes.length);
      void this.#begin(bytes, limits.restSince(startedAt), delivery).then(result.resolve, result.reject);
    };
    const place = { isGivenUp: false };
    const giveUp = (): void => {
      place.isGivenUp = this.#waiting.delete(start);
      if (place.isGivenUp) this.#window.unqueued(bytes.length);
    };
    this.#window.queued(bytes.length);
    this.#waiting.add(start);
    this.#next();
    try {
      const missing = (): string => 'a large message of ours, behind which this one waits, has not gone out';
      const { timeoutMs, signal } = limits;
      await within(started.promise, { ...this.#subject, timeoutMs, signal, startedAt, missing }, giveUp);
    } catch (error) {
      // One whose turn has come in the same moment is given up by what has begun with it.
      if (place.isGivenUp) throw error;
    }
    await result.promise;
  }

  /** Its turn has come. */
  #begin(bytes: Uint8Array, limits: CallLimits, delivery?: Deferred<void>): Promise<void> {
    if (bytes.length <= this.#largestWhole) return this.#sendWhole(bytes, limits, delivery);
    const { length } = bytes;
    const message: LargeMessage = {
      bytes,
      length,
      delivery,
      isBegun: false,
      isPosted: false,
      restarts: 0,
    };
    this.#window.queued(length);
    const sending = this.#fragments.send(message);
    this.#large = sending
      .catch(() => undefined) // its caller hears of it
      .then(() => {
        if (!message.isPosted) this.#window.unqueued(length);
        this.#large = undefined;
        this.#next();
      });
    return this.#untilOut(message, sending, limits);
  }

  /** What has begun goes on, whoever waits for it. */
  #untilOut(message: LargeMessage, sending: Promise<void>, { timeoutMs, signal }: CallLimits): Promise<void> {
    const sent = (): Sent => (message.isBegun ? 'unknown' : 'no');
    const missing = (): string => notOut(message);
    return within(sending, { ...this.#subject, timeoutMs, signal, sent, missing }, () => {
      if (!message.isBegun) this.#fragments.stop();
    });
  }

  #next(): void {
    for (const start of this.#waiting) {
      if (this.#large !== undefined) return;
      this.#waiting.delete(start);
      start();
    }
  }

  #optionsOf({ timeoutMs, signal }: CallLimits): SubmitOptions<void> {
    return { timeoutMs, signal, onOver: this.#onOver };
  }

  /** One that was given up before it was sent. */
  readonly #onOver = (_succeeded: boolean, message: object): void => {
    if (message instanceof Multicast && !message.isPosted) this.#window.unqueued(message.length);
  };
}

function notOut({ isBegun, restarts }: LargeMessage): string {
  if (!isBegun) return 'no fragment of the message has gone out';
  if (restarts === 0) return 'not all fragments of the message have gone out';
  return `the message has begun again ${restarts} times, because the group changed or corosync was busy, and has not gone out`;
}
