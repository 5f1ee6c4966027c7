import { textField, unencodable } from '../encodable.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import { bytesUnlessUtf8 } from '../text.ts';

/*
 * mar_cpg_name_t (136)
 *    0  u32  length
 *    8  char value[128], of which nothing behind the length means anything
 */
const LENGTH_OFFSET = 0;
const VALUE_OFFSET = 8;
const VALUE_SIZE = 128;

/**
 * The most bytes of a name to join. When a node is lost corosync reads names as C strings, in a buffer that a NUL behind 128
 * bytes does not fit.
 */
const MAX_GROUP_NAME = VALUE_SIZE - 1;

/** The name of a process group, in a request. */
export class GroupName {
  readonly text: string;
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.text = Buffer.from(bytes).toString();
    this.#bytes = bytes;
  }

  /**
   * One that can be joined: 1 to 127 bytes without a NUL. An empty one leaves members behind for ever, one with a NUL is taken
   * for another at the loss of a node.
   * @throws CsError CS_ERR_INVALID_PARAM
   */
  static toJoin(operation: string, name: string | Uint8Array): GroupName {
    return new GroupName(textField(operation, 'the name of the group', name, 1, MAX_GROUP_NAME));
  }

  /**
   * One to ask for: other programs may have joined groups of any name.
   * @throws CsError CS_ERR_INVALID_PARAM
   */
  static toFind(operation: string, name: string | Uint8Array): GroupName {
    const bytes = typeof name === 'string' ? Buffer.from(name) : Uint8Array.from(name);
    if (bytes.length <= VALUE_SIZE) return new GroupName(bytes);
    throw unencodable(operation, `the name of the group has ${bytes.length} bytes, more than ${VALUE_SIZE}`);
  }

  encode(into: MessageWriter, offset: number): void {
    into.u32(offset + LENGTH_OFFSET, this.#bytes.length);
    into.copy(offset + VALUE_OFFSET, this.#bytes);
  }
}

/** The name of a process group, in an answer or event. */
export interface CpgGroupName {
  /** As text. */
  readonly group: string;
  /** The name's bytes: only there if they are not valid UTF-8, and `group` is lossy. */
  readonly groupBytes?: Uint8Array;
}

export function decodeGroup(from: MessageReader, offset: number): CpgGroupName {
  const length = from.u32(offset + LENGTH_OFFSET);
  if (length > VALUE_SIZE) throw malformed(`name of a group of ${length} bytes`);
  const group = from.utf8(offset + VALUE_OFFSET, length);
  const groupBytes = bytesUnlessUtf8(group, from, offset + VALUE_OFFSET, length);
  return groupBytes === undefined ? { group } : { group, groupBytes };
}
