/** What strtoll(3) with base 10 takes as a whole: white space, a sign, digits. */
const DECIMAL = /^[ \t\n\v\f\r]*[+-]?\d+$/;

/** The number that all of a text is, as strtoll(3) reads it; `undefined` if it is none, or not `least` to `most`. */
export function parseWhole(text: string, least: number, most: number): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
