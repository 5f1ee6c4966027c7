/**
 * What could steer a terminal, or show text in another order than it has: C0 and C1 controls, line separators, and what embeds or overrides
 * directions.
 */
const CONTROLS = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The text with \xNN or \uNNNN for each control character. What comes from a server, a key, a value or a file may hold any. */
export function escapeControls(text: string, harmless = ''): string {
  return text.replace(CONTROLS, (character) =>
    harmless.includes(character) ? character : escapeCharacter(character),
  );
}

export function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  const digits = code.toString(16).toUpperCase();
  return code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`;
}

/** As JSON.stringify, which leaves most control characters as they are. */
export function stringify(value: unknown): string {
  return JSON.stringify(value).replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A short text for a value that should not be what it is; safe for whatever a caller may have passed. */
export function show(value: unknown): string {
  if (typeof value === 'string') return stringify(value.length > 100 ? `${value.slice(0, 100)}...` : value);
  if (value === null || ['number', 'boolean', 'undefined', 'bigint'].includes(typeof value))
    return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
