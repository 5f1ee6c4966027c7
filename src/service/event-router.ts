import type { MessageReader } from '../codec/message-reader.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { ConnectionListener, EventWaking } from '../ipc/index.ts';

/** What a client does with the events of its connection. */
export interface EventReceiver<E> {
  /** How events are fetched that wait inside corosync. Without it, they come when corosync looks after them by itself. */
  readonly waking?: EventWaking | undefined;
  /** The window is good for this call only. `undefined`: nobody wants this one. Throws at what is no event of the service. */
  decode(event: MessageReader): E | undefined;
  /** What carried the event has been given back: this may take its time, and call anybody else's code. */
  deliver(event: E): void;
  /** Once, at the end of the connection: by `close` (no error), or because of `error`. */
  ended(error: ConnectionError | undefined): void;
}

/** Of a connection whose events nobody wants to hear. */
export const DEAF: EventReceiver<never> = {
  decode: () => undefined,
  deliver: () => undefined,
  ended: () => undefined,
};

/** Decodes events as they come, and hands them on when corosync has its room back: it must never wait for our users. */
export class EventRouter<E> implements ConnectionListener {
  readonly #receiver: EventReceiver<E>;
  #arrived: E[] = [];
  #onBehind: (behind: boolean) => void = () => undefined;

  constructor(receiver: EventReceiver<E>) {
    this.#receiver = receiver;
  }

  get waking(): EventWaking | undefined {
    return this.#receiver.waking;
  }

  /** Calls back each time that events begin to wait inside corosync, or do not any more. */
  whenBehind(listener: (behind: boolean) => void): void {
    this.#onBehind = listener;
  }

  onEvent(event: MessageReader): void {
    const decoded = this.#receiver.decode(event);
    if (decoded !== undefined) this.#arrived.push(decoded);
  }

  onDrained(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const event of arrived) this.#receiver.deliver(event);
  }

  onBehind(behind: boolean): void {
    this.#onBehind(behind);
  }

  onClosed(error: ConnectionError | undefined): void {
    this.#receiver.ended(error);
  }
}
