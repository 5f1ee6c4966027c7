import type { CmapValue } from '../../codec/cmap/value.ts';
import { CsError } from '../../errors/index.ts';
import type { CallOptions } from '../../options/call-options.ts';

type ValueOf<T extends CmapValue['type']> = Extract<CmapValue, { type: T }>['value'];

/**
 * The typed getters and setters of libcmap. A getter wants exactly its type: any other,
 * also one of another width or sign, is CS_ERR_INVALID_PARAM, as in libcmap. Otherwise they fail as `get` and `set` do.
 */
export abstract class TypedAccess {
  abstract get(key: string, options?: CallOptions): Promise<CmapValue>;
  abstract set(key: string, value: CmapValue, options?: CallOptions): Promise<void>;

  /** cmap_get_int8 */
  getInt8(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('int8', key, options);
  }

  /** cmap_get_uint8 */
  getUint8(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('uint8', key, options);
  }

  /** cmap_get_int16 */
  getInt16(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('int16', key, options);
  }

  /** cmap_get_uint16 */
  getUint16(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('uint16', key, options);
  }

  /** cmap_get_int32 */
  getInt32(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('int32', key, options);
  }

  /** cmap_get_uint32 */
  getUint32(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('uint32', key, options);
  }

  /** cmap_get_int64 */
  getInt64(key: string, options?: CallOptions): Promise<bigint> {
    return this.#getAs('int64', key, options);
  }

  /** cmap_get_uint64 */
  getUint64(key: string, options?: CallOptions): Promise<bigint> {
    return this.#getAs('uint64', key, options);
  }

  /** cmap_get_float: a 32-bit number. */
  getFloat(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('float', key, options);
  }

  /** cmap_get_double */
  getDouble(key: string, options?: CallOptions): Promise<number> {
    return this.#getAs('double', key, options);
  }

  /** cmap_get_string. Bytes that are not UTF-8 come as U+FFFD; `get` has them unchanged. */
  getString(key: string, options?: CallOptions): Promise<string> {
    return this.#getAs('string', key, options);
  }

  /** cmap_get of a binary value. */
  getBinary(key: string, options?: CallOptions): Promise<Uint8Array> {
    return this.#getAs('binary', key, options);
  }

  /** cmap_set_int8: -128 to 127. */
  setInt8(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'int8', value }, options);
  }

  /** cmap_set_uint8: 0 to 255. */
  setUint8(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'uint8', value }, options);
  }

  /** cmap_set_int16: -32768 to 32767. */
  setInt16(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'int16', value }, options);
  }

  /** cmap_set_uint16: 0 to 65535. */
  setUint16(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'uint16', value }, options);
  }

  /** cmap_set_int32: -2^31 to 2^31-1. */
  setInt32(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'int32', value }, options);
  }

  /** cmap_set_uint32: 0 to 2^32-1. */
  setUint32(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'uint32', value }, options);
  }

  /** cmap_set_int64: -2^63 to 2^63-1. */
  setInt64(key: string, value: bigint, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'int64', value }, options);
  }

  /** cmap_set_uint64: 0 to 2^64-1. */
  setUint64(key: string, value: bigint, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'uint64', value }, options);
  }

  /** cmap_set_float: stored with 32 bits, so rounded. */
  setFloat(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'float', value }, options);
  }

  /** cmap_set_double */
  setDouble(key: string, value: number, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'double', value }, options);
  }

  /** cmap_set_string: up to 16384 bytes of UTF-8, without NUL. */
  setString(key: string, value: string, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'string', value }, options);
  }

  /** cmap_set of a binary value: up to 16384 bytes. */
  setBinary(key: string, value: Uint8Array, options?: CallOptions): Promise<void> {
    return this.set(key, { type: 'binary', value }, options);
  }

  async #getAs<T extends CmapValue['type']>(
    type: T,
    key: string,
    options?: CallOptions,
  ): Promise<ValueOf<T>> {
    const value = await this.get(key, options);
    if (value.type === type) return value.value as ValueOf<T>;
    const detail = `the value is of type ${value.type}, not ${type}`;
    throw new CsError('CS_ERR_INVALID_PARAM', { operation: `cmap_get_${type}`, key, detail, sent: 'yes' });
  }
}

/** The names of those that read. */
export type TypedReads = Extract<keyof TypedAccess, `get${string}`>;
