import { textField } from '../encodable.ts';
import type { MessageWriter } from '../message-writer.ts';

/** VOTEQUORUM_QDEVICE_MAX_NAME_LEN: bytes of a name in a message, its NUL included. */
export const DEVICE_NAME_SIZE = 255;

/** The name of a quorum device: 1 to 254 bytes. A longer one, not terminated, makes corosync abort. */
export class DeviceName {
  readonly text: string;
  readonly #bytes: Uint8Array;

  /** @throws CsError CS_ERR_INVALID_PARAM */
  constructor(operation: string, name: string | Uint8Array) {
    this.#bytes = textField(operation, 'the name of the quorum device', name, 1, DEVICE_NAME_SIZE - 1);
    this.text = Buffer.from(this.#bytes).toString();
  }

  encode(into: MessageWriter, offset: number): void {
    into.copy(offset, this.#bytes);
  }
}
