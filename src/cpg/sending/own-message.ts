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
}

/** A message that goes out whole. */
export class Multicast extends McastRequest implements OwnMessage {
  readonly fillsRing = true;
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
export interface LargeMessage extends OwnMessage {
  readonly bytes: Uint8Array;
  /** Whether a fragment of it is on its way, or was. */
  isBegun: boolean;
  /** Whether its last fragment is on its way. */
  isPosted: boolean;
  /** So often it has begun again. */
  restarts: number;
}

/** A fragment of a message of ours. */
export class OwnFragment extends PartialMcastRequest {
  readonly fillsRing = true;
  readonly window: SendWindow;
  readonly message: LargeMessage;
  readonly isLast: boolean;
  /** Whether it is on its way. */
  isPosted = false;

  constructor(group: string, message: LargeMessage, fragment: Fragment, window: SendWindow) {
    super(group, fragment);
    this.window = window;
    this.message = message;
    this.isLast = fragment.part === 'last';
  }
}
