import { stringify } from '../../errors/index.ts';
import type { CmapTrackEvent, CmapValue, CmapFollowEvent } from '../../index.ts';

/** A value as JSON can hold it without loss; see the schema in `corosync-client help json`. */
export interface JsonValue {
  readonly type: CmapValue['type'];
  readonly value: string | number;
  readonly bytes?: string;
  readonly typeCode?: number;
}

export function toJsonValue(value: CmapValue): JsonValue {
  switch (value.type) {
    case 'int64':
    case 'uint64':
      return { type: value.type, value: value.value.toString() };
    case 'string':
      return value.bytes === undefined
        ? { type: value.type, value: value.value }
        : { type: value.type, value: value.value, bytes: toBase64(value.bytes) };
    case 'binary':
      return { type: value.type, value: toBase64(value.value) };
    case 'unknown':
      return { type: value.type, value: toBase64(value.value), typeCode: value.typeCode };
    case 'float':
    case 'double':
      return { type: value.type, value: toJsonNumber(value.value) };
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
      return { type: value.type, value: value.value };
  }
}

export function entryLine(key: string, value: CmapValue): string {
  return jsonLine({ key, ...toJsonValue(value) });
}

/** @param tracks the operand that it is for */
export function eventLine(event: CmapTrackEvent, time: Date, tracks: string): string {
  if (event.kind === 'overflow') {
    return jsonLine({ event: 'overflow', tracks, dropped: event.dropped, time: time.toISOString() });
  }
  return jsonLine({
    event: event.change,
    key: event.key,
    newValue: optional(event.newValue),
    oldValue: optional(event.oldValue),
    time: time.toISOString(),
  });
}

/** @param follows the operand that it is for */
export function followEventLine(event: CmapFollowEvent, at: Date, follows: string): string {
  const time = at.toISOString();
  switch (event.kind) {
    case 'snapshot': {
      const entries = event.entries.map(({ key, value }) => ({ key, ...toJsonValue(value) }));
      return jsonLine({ event: 'snapshot', follows, entries, time });
    }
    case 'notification': {
      const { key, newValue, oldValue, synthetic } = event;
      const values = { newValue: optional(newValue), oldValue: optional(oldValue) };
      return jsonLine({ event: event.change, key, ...values, synthetic, time });
    }
    case 'lost':
      return jsonLine({ event: 'lost', follows, code: event.error.code, message: event.error.message, time });
    case 'resynced':
      return jsonLine({ event: 'resynced', follows, changes: event.changes, time });
    case 'overflow':
      return jsonLine({ event: 'overflow', follows, dropped: event.dropped, time });
  }
}

function optional(value: CmapValue | undefined): JsonValue | null {
  return value === undefined ? null : toJsonValue(value);
}

/** JSON has no NaN, no infinities and, as JSON.stringify writes it, no negative zero: those become strings. */
function toJsonNumber(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** One object, safe to print as it is. */
export function jsonLine(object: object): string {
  return `${stringify(object)}\n`;
}
