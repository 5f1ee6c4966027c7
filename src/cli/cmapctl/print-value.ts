import type { CmapValue } from '../../index.ts';
import { SHORT_TYPE_NAMES } from '../printing/type-names.ts';
import { cString, fromBytes, type ByteString } from '../drop-in/bytes.ts';
import { formatFixed } from '../drop-in/libc/printf.ts';

export interface PrintStyle {
  readonly quiet: boolean;
  readonly showBinary: boolean;
  /** Whether C's char is signed here: it decides how the C tool prints bytes from 0x80 on. */
  readonly signedChar: boolean;
}

const UNSIGNED_CHAR_PLATFORMS: readonly string[] = [
  'arm',
  'arm64',
  'ppc',
  'ppc64',
  'riscv64',
  's390',
  's390x',
];

export function hasSignedChar(architecture: string): boolean {
  return !UNSIGNED_CHAR_PLATFORMS.includes(architecture);
}

/** One line of output: `KEY (TYPE) = VALUE`. A value that is unset or of unknown type leaves `KEY (`. */
export function printKey(key: string, value: CmapValue | undefined, style: PrintStyle): ByteString {
  const start = style.quiet ? '' : `${key} (`;
  if (value === undefined || value.type === 'unknown') return `${start}\n`;
  // The C tool forgets about -q here, and prints "bin)" without the rest of the line before it.
  if (value.type === 'binary') return `${start}bin)${binarySuffix(value.value, style)}\n`;
  const type = style.quiet ? '' : `${SHORT_TYPE_NAMES[value.type]}) = `;
  return `${start}${type}${printScalar(value)}\n`;
}

type Scalar = Exclude<CmapValue, { readonly type: 'binary' | 'unknown' }>;

function printScalar(value: Scalar): ByteString {
  if (value.type === 'float' || value.type === 'double') return formatFixed(value.value);
  if (value.type !== 'string') return value.value.toString();
  return cString(value);
}

function binarySuffix(bytes: Uint8Array, { showBinary, signedChar }: PrintStyle): ByteString {
  if (!showBinary) return '';
  return ` = ${fromBytes(bytes).replace(/[^ -[\]-~]/g, (c) => escapeByte(c.charCodeAt(0), signedChar))}`;
}

/** printf("\\x%02X", c), where a negative char has become a negative int. */
function escapeByte(byte: number, signedChar: boolean): string {
  if (byte === 0x5c) return '\\\\';
  const promoted = signedChar && byte >= 0x80 ? byte + 0xffffff00 : byte;
  return `\\x${promoted.toString(16).toUpperCase().padStart(2, '0')}`;
}
