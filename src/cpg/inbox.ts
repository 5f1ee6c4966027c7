import type { CpgAddress } from '../codec/cpg/address.ts';
import { decodeDelivery } from '../codec/cpg/deliver.ts';
import { decodePartialDelivery } from '../codec/cpg/partial-deliver.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import type { Assembly } from './assembly.ts';
import type { CpgMessageEvent } from './cpg-events.ts';
import type { OwnWindow } from './sending/own-window.ts';

/** The messages of a group as they come: whole, or in fragments. Those of ours have come back, which the window is told. */
export class Inbox {
  readonly #assembly: Assembly;
  readonly #window: OwnWindow;
  readonly #isUs: (sender: CpgAddress) => boolean;
  /** Of the last message: most come in a row from the same. */
  #from: CpgAddress = { nodeId: 0, pid: 0 };

  constructor(assembly: Assembly, window: OwnWindow, isUs: (sender: CpgAddress) => boolean) {
    this.#assembly = assembly;
    this.#window = window;
    this.#isUs = isUs;
  }

  /** @throws ConnectionError corosync has lost a message of ours, or delivered it out of order */
  message(event: MessageReader): CpgMessageEvent {
    const delivery = decodeDelivery(event);
    if (this.#isUs(delivery)) this.#window.delivered(delivery.message.length);
    return this.#messageFrom(delivery, delivery.message);
  }

  /**
   * The message, if this was its last fragment.
   * @throws ConnectionError as `message`; CS_ERR_TOO_BIG: there is no room for it
   */
  fragment(event: MessageReader): CpgMessageEvent | undefined {
    const fragment = decodePartialDelivery(event);
    const isOurs = this.#isUs(fragment);
    if (isOurs) this.#window.fragmentDelivered(fragment.fragmentLength);
    const message = this.#assembly.add(fragment, event);
    if (message === undefined) return undefined;
    if (isOurs) this.#window.largeDelivered(message.length);
    return this.#messageFrom(fragment, message);
  }

  /** These have gone, and with them the rest of what they had begun. */
  left(senders: readonly CpgAddress[]): void {
    this.#assembly.left(senders);
  }

  #messageFrom({ nodeId, pid }: CpgAddress, message: Uint8Array): CpgMessageEvent {
    if (this.#from.pid !== pid || this.#from.nodeId !== nodeId) this.#from = Object.freeze({ nodeId, pid });
    return { kind: 'message', from: this.#from, message };
  }
}
