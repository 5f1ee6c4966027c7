import { isUint8Array } from 'node:util/types';
import { checkValue } from '../../cmap/values/check-value.ts';
import { checkKeyToSet } from '../../cmap/values/keys.ts';
import {
  decodeValue,
  encodedValueLength,
  encodeValue,
  VALUE_TYPE_CODES,
  type CmapUnknownValue,
  type CmapValue,
} from '../../codec/cmap/value.ts';
import { MessageReader } from '../../codec/message-reader.ts';
import { MessageWriter } from '../../codec/message-writer.ts';
import { CsError, show } from '../../errors/index.ts';
import type { StoredValue } from './cmap-store.ts';
import { isIntegerIn } from '../../options/rules.ts';

/**
 * A value as corosync stores it, a string with its NUL, by the client's rules for keys and values.
 * @param operation what sets it, for the error
 * @throws RangeError corosync could not hold it, with the key and the reason
 */
export function toStored(operation: string, key: string, value: CmapValue): StoredValue {
  const checked = check(operation, key, value);
  const isString = checked.type === 'string';
  const writer = new MessageWriter(Buffer.alloc(encodedValueLength(checked) + (isString ? 1 : 0)));
  encodeValue(writer, 0, checked);
  const type = checked.type === 'unknown' ? checked.typeCode : VALUE_TYPE_CODES[checked.type];
  return { type, bytes: writer.bytes };
}

export function fromStored({ type, bytes }: StoredValue): CmapValue {
  return decodeValue(new MessageReader(bytes), 0, type, bytes.length);
}

/** The client's errors are for what corosync answers; what a test sets wrong is the test's mistake. */
function check(operation: string, key: string, value: CmapValue): CmapValue {
  try {
    checkKeyToSet(operation, key, 'icmap');
    if (isUnknown(value)) return checkUnknown(operation, key, value);
    return checkValue(operation, key, value, Infinity);
  } catch (error) {
    if (error instanceof CsError) throw new RangeError(error.message, { cause: error });
    throw error;
  }
}

function isUnknown(value: CmapValue): value is CmapUnknownValue {
  return (value as CmapValue | undefined | null)?.type === 'unknown';
}

/** What a careless client may have set: the client itself sets no such value. corosync keeps no bytes of it. */
function checkUnknown(operation: string, key: string, value: CmapUnknownValue): CmapUnknownValue {
  const { typeCode, value: bytes } = value;
  const invalid = (detail: string): CsError =>
    new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail });
  const known = Object.values<number>(VALUE_TYPE_CODES).includes(typeCode);
  if (known || !isIntegerIn(typeCode, 0, 0xff))
    throw invalid(`the typeCode of an unknown value is 0 or 13 to 255, not ${show(typeCode)}`);
  if (!isUint8Array(bytes)) throw invalid('an unknown value is a Uint8Array');
  return value;
}
