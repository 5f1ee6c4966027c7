import { divideHalfEven } from './printf.ts';

// sscanf of glibc in the C locale: leading white space is skipped, what follows the number is ignored.

const INTEGER = /^[\t-\r ]*([+-]?)(\d+)/;
const FLOAT = new RegExp(
  '^[\\t-\\r ]*([+-]?)(?:' +
    '(?<nan>nan)|' +
    // After "inf", an "i" commits scanf to "infinity": "infi" matches nothing.
    '(?<inf>inf(?:inity|(?!i)))|' +
    '0x(?=[\\da-f.])(?<hex>[\\da-f]*\\.?[\\da-f]*)(?:p(?<hexExponent>[+-]?\\d+))?|' +
    '(?!0x)(?<decimal>\\d+\\.?\\d*|\\.\\d+)(?:e(?<exponent>[+-]?\\d+))?' +
    ')',
  'i',
);

const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** `%lld`: clamps to the range of int64. */
export function scanInt64(text: string): bigint | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const magnitude = BigInt(match[2] ?? '');
  if (match[1] === '-') return magnitude > INT64_MAX ? -INT64_MAX - 1n : -magnitude;
  return magnitude > INT64_MAX ? INT64_MAX : magnitude;
}

/** `%llu`: clamps to the range of uint64, and a minus sign negates modulo 2^64. */
export function scanUint64(text: string): bigint | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const magnitude = BigInt(match[2] ?? '');
  if (magnitude > UINT64_MAX) return UINT64_MAX;
  return match[1] === '-' ? BigInt.asUintN(64, -magnitude) : magnitude;
}

// From its bits: V8 folds the expression -NaN to a NaN of either sign.
const NEGATIVE_NAN = new DataView(Uint8Array.of(0xff, 0xf8, 0, 0, 0, 0, 0, 0).buffer).getFloat64(0);

interface BinaryFormat {
  readonly precision: number;
  readonly minExponent: number;
  /** Decimal and binary exponents beyond this are infinity or zero whatever the digits are. */
  readonly farExponent: number;
}

const BINARY32: BinaryFormat = { precision: 24, minExponent: -149, farExponent: 200 };
const BINARY64: BinaryFormat = { precision: 53, minExponent: -1074, farExponent: 1200 };

/** `%f`: rounds once, from the text to 24 bits. (`Math.fround(Number(text))` would round twice.) */
export function scanFloat(text: string): number | undefined {
  const value = scanBinary(text, BINARY32);
  return value === undefined || Number.isNaN(value) ? value : Math.fround(value);
}

/** `%lf` */
export function scanDouble(text: string): number | undefined {
  return scanBinary(text, BINARY64);
}

function scanBinary(text: string, format: BinaryFormat): number | undefined {
  const match = FLOAT.exec(text);
  if (match === null) return undefined;
  const { nan, inf, hex, hexExponent, decimal = '', exponent } = match.groups ?? {};
  const negative = match[1] === '-';
  if (nan !== undefined) return negative ? NEGATIVE_NAN : NaN;
  let magnitude = Infinity;
  if (hex !== undefined) magnitude = fromHexadecimal(hex, Number(hexExponent ?? 0), format);
  else if (inf === undefined) magnitude = fromDecimal(decimal, Number(exponent ?? 0), format);
  return negative ? -magnitude : magnitude;
}

function fromDecimal(digits: string, exponent: number, format: BinaryFormat): number {
  const [whole = '', fraction = ''] = digits.split('.');
  const significant = (whole + fraction).replace(/^0+/, '');
  if (significant === '') return 0;
  const power = exponent - fraction.length;
  const decimalPoint = significant.length + power;
  if (decimalPoint > format.farExponent) return Infinity;
  if (decimalPoint < -format.farExponent) return 0;
  const mantissa = BigInt(significant);
  return power >= 0
    ? nearest(mantissa * 10n ** BigInt(power), 1n, format)
    : nearest(mantissa, 10n ** BigInt(-power), format);
}

function fromHexadecimal(digits: string, exponent: number, format: BinaryFormat): number {
  const [whole = '', fraction = ''] = digits.split('.');
  const significant = (whole + fraction).replace(/^0+/, '');
  if (significant === '') return 0;
  const power = exponent - 4 * fraction.length;
  const binaryPoint = 4 * significant.length + power;
  if (binaryPoint > format.farExponent) return Infinity;
  if (binaryPoint < -format.farExponent) return 0;
  const mantissa = BigInt(`0x${significant}`);
  return power >= 0
    ? nearest(mantissa << BigInt(power), 1n, format)
    : nearest(mantissa, 1n << BigInt(-power), format);
}

/** The number of `format` nearest to numerator / denominator, ties to even; too large ones may come out finite. */
function nearest(numerator: bigint, denominator: bigint, format: BinaryFormat): number {
  const estimate = bitLength(numerator) - bitLength(denominator) - format.precision;
  let exponent = Math.max(estimate, format.minExponent);
  let mantissa = atExponent(numerator, denominator, exponent);
  // The estimate may be one too small; the mantissa then has one bit more than the format.
  if (mantissa > 1n << BigInt(format.precision)) {
    exponent += 1;
    mantissa = atExponent(numerator, denominator, exponent);
  }
  return scaleByPowerOfTwo(Number(mantissa), exponent);
}

function atExponent(numerator: bigint, denominator: bigint, exponent: number): bigint {
  return exponent >= 0
    ? divideHalfEven(numerator, denominator << BigInt(exponent))
    : divideHalfEven(numerator << BigInt(-exponent), denominator);
}

/** Exact, in two steps because 2 ** 1000 times a 53-bit mantissa is fine but 2 ** 1024 alone is Infinity. */
function scaleByPowerOfTwo(mantissa: number, exponent: number): number {
  return exponent > 1000 ? mantissa * 2 ** 1000 * 2 ** (exponent - 1000) : mantissa * 2 ** exponent;
}

function bitLength(x: bigint): number {
  return x.toString(2).length;
}
