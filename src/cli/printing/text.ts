import { escapeCharacter, escapeControls } from '../../errors/index.ts';
import type { CmapNotification, CmapTrackEvent, CmapValue, CmapFollowEvent } from '../../index.ts';
import { fromBytes } from '../drop-in/bytes.ts';
import { SHORT_TYPE_NAMES } from './type-names.ts';

const SHORT_NAMES: Readonly<Record<CmapValue['type'], string>> = { ...SHORT_TYPE_NAMES, unknown: 'unknown' };

/** `KEY (TYPE) = VALUE`, always one line and safe to show on a terminal. */
export function entryText(key: string, value: CmapValue): string {
  return `${escapeControls(key)} (${SHORT_NAMES[value.type]}) = ${escapedText(value)}`;
}

/** The value alone on a terminal: a string may hold what steers it. */
export function terminalText(value: CmapValue): string {
  return value.type === 'string' ? escapeControls(value.value, '\t\n') : escapedText(value);
}

/** The value alone, as it is: a string may hold anything. */
export function plainText(value: CmapValue): string | Uint8Array {
  return value.type === 'string' ? (value.bytes ?? value.value) : escapedText(value);
}

/** The bytes of a string or a binary; other values as text. */
export function rawBytes(value: CmapValue): string | Uint8Array {
  return value.type === 'binary' || value.type === 'unknown' ? value.value : plainText(value);
}

/** @param about the operand that it is for, where there are several */
export function eventText(event: CmapTrackEvent, time: Date, about?: string): string {
  return `${time.toISOString()} ${describe(event, about)}`;
}

/**
 * One line for each entry of a snapshot, and for any other event one.
 * @param about the operand that it is for, where there are several
 */
export function followEventTexts(event: CmapFollowEvent, time: Date, about?: string): string[] {
  return describeFollowed(event, about).map((text) => `${time.toISOString()} ${text}`);
}

function describeFollowed(event: CmapFollowEvent, about: string | undefined): string[] {
  switch (event.kind) {
    case 'snapshot':
      return event.entries.map(({ key, value }) => `is ${entryText(key, value)}`);
    case 'notification':
      return [`${describeChange(event)}${event.synthetic ? ' (found by comparing)' : ''}`];
    case 'lost':
      return [`lost${named(about)}: corosync is gone; nothing is heard until resynced`];
    case 'resynced':
      return [`resynced${named(about)}: ${event.changes} changes found by comparing`];
    case 'overflow':
      return [
        `overflow${named(about)}: ${event.dropped} events are not told one by one; what they changed follows`,
      ];
  }
}

function describe(event: CmapTrackEvent, about: string | undefined): string {
  if (event.kind === 'overflow')
    return `overflow${named(about)}: ${event.dropped} notifications are missing here`;
  return describeChange(event);
}

function named(operand: string | undefined): string {
  if (operand === undefined) return '';
  return operand === '' ? " ''" : ` ${escapeControls(operand)}`;
}

type Change = Pick<CmapNotification, 'change' | 'key' | 'newValue' | 'oldValue'>;

function describeChange({ change: name, key, newValue, oldValue }: Change): string {
  const now = newValue === undefined ? escapeControls(key) : entryText(key, newValue);
  const was = oldValue === undefined || name === 'add' ? '' : `, was ${typed(oldValue, newValue)}`;
  return `${name} ${now}${was}`;
}

/** The type is only worth showing if it is not the one that is shown already. */
function typed(value: CmapValue, shown: CmapValue | undefined): string {
  const text = escapedText(value);
  return value.type === shown?.type ? text : `(${SHORT_NAMES[value.type]}) ${text}`;
}

function escapedText(value: CmapValue): string {
  if (value.type === 'string') return escapeControls(value.value.replaceAll('\\', '\\\\'));
  if (value.type === 'binary' || value.type === 'unknown') return escapeBytes(value.value);
  return value.type === 'float' ? shortestFloat(value.value) : value.value.toString();
}

/** With \xNN for each byte that is not printable. */
export function escapeBytes(bytes: Uint8Array): string {
  return fromBytes(bytes)
    .replaceAll('\\', '\\\\')
    .replace(/[^ -~]/g, escapeCharacter);
}

/** The shortest decimal that is this 32-bit float: 0.1, not 0.10000000149011612. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}
