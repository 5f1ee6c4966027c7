import type { CpgAddress } from '../codec/cpg/address.ts';
import { copyFragment, type CpgPartialDelivery } from '../codec/cpg/partial-deliver.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import { ConnectionError } from '../errors/index.ts';
import { keyOf } from './addresses.ts';

/** What messages that come in fragments may take, in bytes. */
export interface AssemblyLimits {
  /** One of them. */
  readonly maxMessageBytes: number;
  /** All that are not complete. */
  readonly maxAssemblyBytes: number;
}

interface Unfinished {
  readonly bytes: Uint8Array;
  filled: number;
}

/**
 * Puts messages together that come in fragments: one at a time from each sender. Nothing that a fragment says is relied upon, for corosync passes on what it
 * was given. Changes of members leave what is begun as it is, unless its sender has gone.
 */
export class Assembly {
  readonly #group: string;
  readonly #limits: AssemblyLimits;
  readonly #unfinished = new Map<string, Unfinished>();
  #bytes = 0;

  constructor(group: string, limits: AssemblyLimits) {
    this.#group = group;
    this.#limits = limits;
  }

  /**
   * Takes in a fragment, and returns the message if it was the last one. One whose fragments do not make the length that it states is dropped: its sender is
   * broken. What has no beginning was begun before we joined.
   * @throws ConnectionError CS_ERR_TOO_BIG: there is no room for the message
   */
  add(fragment: CpgPartialDelivery, event: MessageReader): Uint8Array | undefined {
    const { part, messageLength, fragmentLength } = fragment;
    const sender = keyOf(fragment);
    if (part === 'first') this.#begin(sender, messageLength);
    const unfinished = this.#unfinished.get(sender);
    if (unfinished === undefined) return undefined;
    const { bytes, filled } = unfinished;
    if (messageLength !== bytes.length || filled + fragmentLength > bytes.length) {
      this.#drop(sender);
      return undefined;
    }
    copyFragment(event, bytes, filled);
    unfinished.filled += fragmentLength;
    if (part !== 'last') return undefined;
    this.#drop(sender);
    return unfinished.filled === bytes.length ? bytes : undefined;
  }

  /** These have gone, and with them the rest of what they had begun. */
  left(senders: readonly CpgAddress[]): void {
    for (const sender of senders) this.#drop(keyOf(sender));
  }

  #begin(sender: string, length: number): void {
    this.#drop(sender);
    const { maxMessageBytes, maxAssemblyBytes } = this.#limits;
    if (length > maxMessageBytes)
      throw this.#tooBig(
        `member ${sender} sends ${length} bytes, more than maxMessageBytes, ${maxMessageBytes}`,
      );
    if (this.#bytes + length > maxAssemblyBytes)
      throw this.#tooBig(
        `members send more large messages at once than maxAssemblyBytes, ${maxAssemblyBytes}, has room for`,
      );
    this.#bytes += length;
    this.#unfinished.set(sender, { bytes: new Uint8Array(length), filled: 0 });
  }

  #drop(sender: string): void {
    this.#bytes -= this.#unfinished.get(sender)?.bytes.length ?? 0;
    this.#unfinished.delete(sender);
  }

  #tooBig(what: string): ConnectionError {
    const detail = `${what}; a member that skips messages is none, so the group was left`;
    return new ConnectionError('CS_ERR_TOO_BIG', { operation: 'cpg_dispatch', key: this.#group, detail });
  }
}
