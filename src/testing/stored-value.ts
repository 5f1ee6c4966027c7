import {
  decodeValue,
  encodedValueLength,
  encodeValue,
  VALUE_TYPE_CODES,
  type CmapValue,
} from '../codec/cmap/value.ts';
import { MessageReader } from '../codec/message-reader.ts';
import { MessageWriter } from '../codec/message-writer.ts';
import type { StoredValue } from './cmap-store.ts';

/** A value as corosync stores it: a string has its NUL. */
export function toStored(value: CmapValue): StoredValue {
  const length = encodedValueLength(value);
  const isString = value.type === 'string';
  const writer = new MessageWriter(Buffer.alloc(length + (isString ? 1 : 0)));
  encodeValue(writer, 0, value);
  const type = value.type === 'unknown' ? value.typeCode : VALUE_TYPE_CODES[value.type];
  return { type, bytes: writer.bytes };
}

export function fromStored({ type, bytes }: StoredValue): CmapValue {
  return decodeValue(new MessageReader(bytes), 0, type, bytes.length);
}
