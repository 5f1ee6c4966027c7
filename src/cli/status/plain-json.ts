import { CsError } from '../../errors/index.ts';
import type { ClusterState } from '../../index.ts';
import { jsonLine } from '../printing/json.ts';

/** Of what a state looks like in JSON: it grows when something that was there has another meaning, or is not there any more. */
const STATE_FORMAT = 1;

/** A state as JSON can hold it. */
export function stateLine(state: ClusterState): string {
  return jsonLine({ format: STATE_FORMAT, ...plainObject(state) });
}

/** Numbers of 64 bits are texts of digits, times are as ISO 8601 has them, and of an error its code and message are left. */
export function plainObject(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]: [string, unknown]) => [name, plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof CsError) return { code: value.code, message: value.message };
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' && value !== null ? plainObject(value) : value;
}
