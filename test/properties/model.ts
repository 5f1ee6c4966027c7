import type { CmapChange } from '../../src/index.ts';
import { wireOf, type KnownValue, type WireValue } from '../helpers/integration/integration-values.ts';
import { CMAP_TYPES } from '../helpers/corosync/c-peer.ts';
import type { Call } from './commands.ts';

/** The map as corosync would have it. Replaced at each change, never changed itself. */
export type MapModel = ReadonlyMap<string, WireValue>;

/** What trackers are told of one change; values as `show` writes them. */
export interface Change {
  readonly event: CmapChange;
  readonly key: string;
  readonly newValue: string;
  readonly oldValue: string;
}

export interface Effect {
  /** CS_OK, the code of an error, or the value that a get must return. */
  readonly outcome: string;
  readonly map: MapModel;
  readonly change: Change | undefined;
}

/** Bytes of a value that a get asks for at first: one that has more is asked for again, behind what is queued by then. */
const FIRST_ROOM = 256;

const SHOWN_BYTES = 80;
/** A value in few characters, different for different values; short ones can be read in a failure's message. */
export function show({ type, bytes }: WireValue): string {
  if (type === 0) return 'unset';
  if (bytes.length <= SHOWN_BYTES) return `${type}:${bytes.toString('hex')}`;
  return `${type}:${bytes.length} bytes ${checksum(bytes)}`;
}

function checksum(bytes: Buffer): string {
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return (sum >>> 0).toString(16);
}

export const isLong = (value: WireValue | undefined): boolean => (value?.bytes.length ?? 0) > FIRST_ROOM;

export function sortedKeys(map: MapModel, prefix: string): string[] {
  return [...map.keys()].filter((key) => key.startsWith(prefix)).sort();
}

/** What a call does to the map, and what it must answer. */
export function apply(map: MapModel, call: Call): Effect {
  switch (call.call) {
    case 'set':
      return set(map, call.key, call.value);
    case 'get':
      return answer(map, getOutcome(map, call.key));
    case 'typed get':
      return answer(map, typedGetOutcome(map, call.key, call.type));
    case 'delete':
      return remove(map, call.key);
    case 'adjust':
      return adjust(map, call.key, call.step);
    case 'refused set':
      return answer(map, call.code);
    case 'track':
      return answer(map, 'CS_OK');
  }
}

const answer = (map: MapModel, outcome: string): Effect => ({ outcome, map, change: undefined });

const isKey = (key: string): boolean => /^[\w.\-/:]{3,255}$/.test(key);
const isTooLong = (key: string): boolean => Buffer.byteLength(key) > 255;
const noSuchKey = (key: string): string => (isTooLong(key) ? 'CS_ERR_NAME_TOO_LONG' : 'CS_ERR_NOT_EXIST');

function set(map: MapModel, key: string, value: KnownValue): Effect {
  return isKey(key) ? store(map, key, wireOf(value)) : answer(map, 'CS_ERR_NAME_TOO_LONG');
}

function store(map: MapModel, key: string, value: WireValue): Effect {
  const old = map.get(key);
  const shown = show(value);
  if (old?.type === value.type && old.bytes.equals(value.bytes)) return answer(map, 'CS_OK');
  const event = old === undefined ? 'add' : 'modify';
  const change = { event, key, newValue: shown, oldValue: show(old ?? wireOf(undefined)) } as const;
  return { outcome: 'CS_OK', map: new Map(map).set(key, value), change };
}

export function getOutcome(map: MapModel, key: string): string {
  const value = map.get(key);
  return value === undefined ? noSuchKey(key) : show(value);
}

export function typedGetOutcome(map: MapModel, key: string, type: KnownValue['type']): string {
  const value = map.get(key);
  if (value === undefined) return noSuchKey(key);
  if (value.type !== CMAP_TYPES[type]) return 'CS_ERR_INVALID_PARAM';
  // What is not UTF-8 gets lost on the way to a JavaScript string.
  return show(type === 'string' ? { ...value, bytes: Buffer.from(value.bytes.toString()) } : value);
}

function remove(map: MapModel, key: string): Effect {
  const old = map.get(key);
  if (old === undefined) return answer(map, noSuchKey(key));
  const rest = new Map(map);
  rest.delete(key);
  return {
    outcome: 'CS_OK',
    map: rest,
    change: { event: 'delete', key, newValue: 'unset', oldValue: show(old) },
  };
}

/** Integers are types 1 to 8: two of each width, the signed one first. */
function adjust(map: MapModel, key: string, step: number): Effect {
  const old = map.get(key);
  if (old === undefined) return answer(map, noSuchKey(key));
  if (old.type > CMAP_TYPES.uint64) return answer(map, 'CS_ERR_INVALID_PARAM');
  const bits = old.bytes.length * 8;
  const unsigned = BigInt.asUintN(
    bits,
    BigInt(`0x${Buffer.from(old.bytes).reverse().toString('hex')}`) + BigInt(step),
  );
  const bytes = Buffer.from(unsigned.toString(16).padStart(bits / 4, '0'), 'hex').reverse();
  return store(map, key, { type: old.type, bytes });
}
