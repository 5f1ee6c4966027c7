/** A short text for a value that should not be what it is; safe for whatever a caller may have passed. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}...` : value);
  if (value === null || ['number', 'boolean', 'undefined', 'bigint'].includes(typeof value))
    return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
