import type { MessageReader } from '../../codec/message-reader.ts';

/*
 * mar_cpg_name_t (136)
 *    0  u32  length
 *    8  char value[128], of which nothing behind the length means anything
 */
const NAME_SIZE = 136;
const VALUE_OFFSET = 8;
const VALUE_SIZE = 128;
const LENGTH_LIMIT = 0xffff_ffff;

/** The name of a group as corosync keeps it: all its bytes, and of them those that count. */
export class GroupName {
  /** Nobody's: what a connection has that has not joined. */
  static readonly NONE = GroupName.of('');
  /** The whole struct, whatever stands behind the name. */
  readonly bytes: Uint8Array;
  /** As it was given: corosync believes it. */
  readonly length: number;
  /** Names are the same if these are. */
  readonly key: string;

  private constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes;
    this.length = length;
    this.key = `${length}:${this.#text(length)}`;
  }

  static read(request: MessageReader, offset: number): GroupName {
    return new GroupName(request.copy(offset, NAME_SIZE), request.u32(offset));
  }

  /** @param name of at most 128 bytes */
  static of(name: string | Uint8Array): GroupName {
    const value = Buffer.from(name);
    const bytes = Buffer.alloc(NAME_SIZE);
    value.copy(bytes, VALUE_OFFSET);
    bytes.writeUInt32LE(value.length);
    return new GroupName(bytes, value.length);
  }

  /** The name in text, lossy if it is not UTF-8. */
  get text(): string {
    return Buffer.from(this.bytes.subarray(VALUE_OFFSET, VALUE_OFFSET + this.#size(this.length))).toString();
  }

  get isTooLong(): boolean {
    return this.length > VALUE_SIZE;
  }

  /** There is no room for the NUL that corosync writes behind it. */
  get fillsItsField(): boolean {
    return this.length === VALUE_SIZE;
  }

  /** As a C string, cut off at its length: by these corosync tells groups apart when nodes are lost. */
  get terminated(): string {
    return untilNul(this.#text(this.length));
  }

  /** As a C string in its field, with what stands behind the name: by these it does so when nodes come. */
  get unterminated(): string {
    return untilNul(this.#text(LENGTH_LIMIT));
  }

  same(other: GroupName): boolean {
    return this.key === other.key;
  }

  /** A character for each byte. */
  #text(length: number): string {
    return Buffer.from(this.bytes.subarray(VALUE_OFFSET, VALUE_OFFSET + this.#size(length))).toString(
      'latin1',
    );
  }

  #size(length: number): number {
    return Math.min(length, VALUE_SIZE);
  }
}

function untilNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul === -1 ? text : text.slice(0, nul);
}
