import { McastRequest } from '../codec/cpg/mcast.ts';
import type { SendWindow } from '../codec/message.ts';

/** A message of ours that is to come back to us. */
export interface OwnMessage {
  /** Bytes. */
  readonly length: number;
  /** It has come back. */
  delivered(): void;
  /** The connection is gone, and with it what would have come. */
  lost(error?: Error): void;
}

/** A message that goes out whole. */
export class Multicast extends McastRequest implements OwnMessage {
  readonly fillsRing = true;
  readonly window: SendWindow;
  readonly length: number;
  /** Whether it is on its way, so that nothing brings it back. */
  isPosted = false;

  constructor(group: string, message: Uint8Array, window: SendWindow) {
    super(group, message);
    this.length = message.length;
    this.window = window;
  }

  delivered(): void {
    // Nobody waits for it.
  }

  lost(): void {
    // Nobody waits for it.
  }
}

/** The same for who wants to know when it has come back. */
export class AwaitedMulticast extends Multicast {
  readonly whenDelivered: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error?: Error) => void = () => undefined;

  constructor(group: string, message: Uint8Array, window: SendWindow) {
    super(group, message, window);
    this.whenDelivered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.whenDelivered.catch(() => undefined); // who has given up does not hear of it
  }

  override delivered(): void {
    this.#resolve();
  }

  override lost(error?: Error): void {
    this.#reject(error);
  }
}
