import { readFileSync } from 'node:fs';
import type { MessageFields } from '../helpers/wire/message-builder.ts';

/** One call of the C library and the bytes that it made go over the wire, all bytes in hex. */
export interface Exchange {
  readonly name: string;
  /** The C call with its arguments, to be read. */
  readonly call: string;
  /** What the call returned, its cs_error_t first, to be read. */
  readonly result: string;
  readonly requestFields: MessageFields;
  readonly request: string;
  readonly responseFields: MessageFields;
  readonly response: string;
  /** The notification that the call caused on the same connection, if any. */
  readonly eventFields?: MessageFields;
  readonly event?: string;
  /** Offsets of padding bytes that are not zero. */
  readonly dirtyPadding?: { readonly response: readonly number[]; readonly event: readonly number[] };
}

export interface GoldenFile {
  readonly how: string;
  readonly corosync: string;
  readonly libqb: string;
  readonly arch: string;
  readonly exchanges: readonly Exchange[];
}

/** The file is short and its differences readable because repeated bytes are written (00*248) in it. */
export function stringifyGolden(golden: object): string {
  const shorten = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && /^(?:[0-9a-f]{2}){32,}$/.test(value) ? shortenRuns(value) : value;
  return JSON.stringify(golden, shorten, 1);
}

function shortenRuns(hex: string): string {
  const spaced = hex.replaceAll(/../g, '$& '); // so that a run cannot begin in the middle of a byte
  const runs = spaced.replaceAll(/((?:[0-9a-f]{2} ){1,16}?)\1{15,}/g, (run, unit: string) => {
    return `(${unit.trim()}*${run.length / unit.length})`;
  });
  return runs.replaceAll(' ', '');
}

/** For JSON.parse. */
export function writeOutRuns(_key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replaceAll(/\(([0-9a-f]+)\*(\d+)\)/g, (_run, unit: string, times: string) =>
    unit.repeat(Number(times)),
  );
}

export function readGoldenFile(): GoldenFile {
  const file = new URL('./cmap-exchanges.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'), writeOutRuns) as GoldenFile;
}

/** One message of an exchange, for tests that look at every message alike. */
export interface GoldenMessage {
  readonly name: string;
  readonly fields: MessageFields;
  readonly bytes: Buffer;
}

export function goldenMessages(): GoldenMessage[] {
  return readGoldenFile().exchanges.flatMap((exchange) => {
    const { name, eventFields, event } = exchange;
    const part = (what: string, fields: MessageFields, hex: string): GoldenMessage => ({
      name: `${name}, ${what}`,
      fields,
      bytes: Buffer.from(hex, 'hex'),
    });
    return [
      part('request', exchange.requestFields, exchange.request),
      part('response', exchange.responseFields, exchange.response),
      ...(eventFields && event !== undefined ? [part('event', eventFields, event)] : []),
    ];
  });
}
