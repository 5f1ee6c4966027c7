import { McastRequest } from '../../codec/cpg/mcast.ts';
import { PartialMcastRequest, type Fragment } from '../../codec/cpg/partial-mcast.ts';
import type { SendWindow } from '../../codec/message.ts';
import type { Deferred } from '../../ipc/index.ts';

/** A message of ours that is to come back to us. */
export interface OwnMessage {
  /** Bytes. */
  readonly length: number;
  /** Of who waits until it has come back. */
  readonly delivery: Deferred<void> | undefined;
  /** Corosync has refused it after all. */
  readonly isWithdrawn: boolean;
}

/** A message that goes out whole. */
export class Multicast extends McastRequest implements OwnMessage {
  readonly fillsRing = true;
  readonly isWithdrawn = false;
  readonly window: SendWindow;
  readonly length: number;
  readonly delivery: Deferred<void> | undefined;
  /** Whether it is on its way, so that nothing brings it back. */
  isPosted = false;

  constructor(group: string, message: Uint8Array, window: SendWindow, delivery?: Deferred<void>) {
    super(group, message);
    this.length = message.length;
    this.window = window;
    this.delivery = delivery;
  }
}

/** A message that goes out in fragments. */
export interface LargeMessage {
  readonly bytes: Uint8Array;
  /** Bytes. */
  readonly length: number;
  readonly delivery: Deferred<void> | undefined;
  /** Whether a fragment of it is on its way, or was. */
  isBegun: boolean;
  /** Whether its last fragment is on its way. */
  isPosted: boolean;
  /** So often it has begun again. */
  restarts: number;
}

/** One attempt to send it: the next one begins at its first fragment again. */
export class LargeAttempt implements OwnMessage {
  readonly message: LargeMessage;
  isWithdrawn = false;

  constructor(message: LargeMessage) {
    this.message = message;
  }

  get length(): number {
    return this.message.length;
  }

  get delivery(): Deferred<void> | undefined {
    return this.message.delivery;
  }
}

/** A fragment of a message of ours. */
export class OwnFragment extends PartialMcastRequest {
  readonly fillsRing = true;
  readonly window: SendWindow;
  readonly attempt: LargeAttempt;
  readonly isLast: boolean;
  /** Whether it is on its way. */
  isPosted = false;

  constructor(group: string, attempt: LargeAttempt, fragment: Fragment, window: SendWindow) {
    super(group, fragment);
    this.window = window;
    this.attempt = attempt;
    this.isLast = fragment.part === 'last';
  }
}
