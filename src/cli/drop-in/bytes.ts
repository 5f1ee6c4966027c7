import type { CmapValue } from '../../index.ts';

/**
 * In the drop-in every text is a byte string: one character per byte ("latin1"), as a C string is.
 * Arguments, files and values may hold any bytes, and all of them must come out as they went in.
 */
export type ByteString = string;

const ASCII_ONLY = /^[\0-\x7f]*$/;

export function toBytes(text: ByteString): Buffer {
  return Buffer.from(text, 'latin1');
}

export function fromBytes(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Text of UTF-16 code units to the byte string of its UTF-8. */
export function fromText(text: string): ByteString {
  return ASCII_ONLY.test(text) ? text : Buffer.from(text).toString('latin1');
}

/**
 * A byte string as the key that the client takes. No key in the map has other than ASCII bytes, so a
 * byte that is not ASCII may become any other byte that no key has: what is not found stays not found,
 * and the length, which corosync checks, stays the same.
 */
export function toKey(name: ByteString): string {
  return name.replace(/[^\0-\x7f]/g, '\x01');
}

/** The text of a value as C sees it: all bytes before the first NUL. */
export function cString(value: Extract<CmapValue, { readonly type: 'string' }>): ByteString {
  return upToNul(value.bytes === undefined ? fromText(value.value) : fromBytes(value.bytes));
}

function upToNul(text: ByteString): ByteString {
  const nul = text.indexOf('\0');
  return nul === -1 ? text : text.slice(0, nul);
}
