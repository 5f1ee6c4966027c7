import type { OptionValues } from '../command.ts';
import { UsageError } from '../exit-codes.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
/** setTimeout takes no more. */
const MOST_MS = 0x7fff_ffff;

/**
 * An option that is a duration, in milliseconds; `undefined`: it is not given.
 * @param unitMs what a number without a unit means
 * @throws UsageError: it is none
 */
export function duration(name: string, options: OptionValues, unitMs: number): number | undefined {
  const value = options[name];
  if (typeof value !== 'string') return undefined;
  const [, number = '', unit] = /^(\d{1,15}(?:\.\d{1,6})?)(ms|s|min|h)?$/.exec(value) ?? [];
  const ms = Math.round(Number(number) * (unit === undefined ? unitMs : (UNITS[unit] ?? 0)));
  if (number !== '' && ms > 0 && ms <= MOST_MS) return ms;
  throw new UsageError(`--${name} takes a duration, as 90s or 500ms, not ${value}`);
}
