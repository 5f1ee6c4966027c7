const SCRATCH = new DataView(new ArrayBuffer(8));
const MILLION = 1_000_000n;

/**
 * What glibc's `printf("%f", x)` prints: the exact binary value rounded half to even at six decimals,
 * never an exponent, and a sign on negative zero and negative NaN. (`toFixed` rounds half up and
 * switches to an exponent at 1e21.)
 */
export function formatFixed(x: number): string {
  SCRATCH.setFloat64(0, x);
  const bits = SCRATCH.getBigUint64(0);
  const sign = bits >> 63n === 1n ? '-' : '';
  if (Number.isNaN(x)) return `${sign}nan`;
  if (!Number.isFinite(x)) return `${sign}inf`;
  const millionths = roundedMillionths(bits);
  return `${sign}${millionths / MILLION}.${String(millionths % MILLION).padStart(6, '0')}`;
}

/** |x| in units of 0.000001, from the bits of the IEEE 754 double. */
function roundedMillionths(bits: bigint): bigint {
  const biasedExponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biasedExponent === 0n ? fraction : fraction | (1n << 52n);
  const exponent = (biasedExponent === 0n ? 1n : biasedExponent) - 1075n;
  const scaled = mantissa * MILLION;
  return exponent >= 0n ? scaled << exponent : divideHalfEven(scaled, 1n << -exponent);
}

/** numerator / denominator, rounded to the nearest integer, ties to the even one. Both must be positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}
