import type { TurnKind } from '../../codec/message.ts';

/*
 * What the copies of this library in one process tell each other. A copy is the library as one thread has loaded it: a worker thread has
 * its own, and so has each place in node_modules. Each copy has one file without a name. Layout 1, in words of 64 bits, little endian:
 *
 *        0  magic; written last
 *        8  layout
 *       16  process id
 *       24  a random number: which copy it is
 *       32  thread id of the system, 40 when that thread started, 48 its number among the worker threads
 *       56  news: another copy that comes writes a random number here. All other words but the next one only the copy itself writes.
 *       64  not 0: the copy has left; another one writes that for a copy whose thread has ended, when nothing of it is left at corosync
 *      128  places, 16 bytes each: its turn, and its notes
 *     4096  connections, 512 bytes each: length of the path (0: free), pids of server and client, and the path of the connection's files
 *
 * Words up to 64 and the size of the first page stay as they are in every later layout, so that copies of different versions
 * recognize each other. A copy that comes and finds a layout which it does not know must refuse to connect.
 */
export const LAYOUT = 1n;
export const MAGIC = Buffer.from('crsyncjs', 'latin1').readBigUInt64LE();

export const WORD = {
  magic: 0,
  layout: 8,
  pid: 16,
  id: 24,
  tid: 32,
  threadStart: 40,
  worker: 48,
  news: 56,
  left: 64,
} as const;

export const PAGE_SIZE = 4096;
const PLACES_AT = 128;
const PLACE_SIZE = 16;
const PLACES = (PAGE_SIZE - PLACES_AT) / PLACE_SIZE;

export const CONNECTION = {
  at: PAGE_SIZE,
  size: 512,
  length: 0,
  serverPid: 8,
  clientPid: 16,
  path: 24,
  longestPath: 488,
} as const;

/** Where the turn of a place is. */
export const turnAt = (place: number): number => PLACES_AT + place * PLACE_SIZE;
/** Where its notes are. */
export const notesAt = (place: number): number => turnAt(place) + 8;

/** The place of a name: two names may share one, and then wait for each other without need. */
export function placeOf(name: string): number {
  let hash = 0x811c9dc5; // FNV-1a: every version must come to the same place
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % PLACES;
}

/** Turns of a copy at a place: none, about to take a ticket, or a ticket and what for. */
export const NO_TURN = 0n;
export const CHOOSING = 1n;

const KIND_CODES: Record<TurnKind, bigint> = { list: 2n, change: 3n };

export function turnWord(kind: TurnKind, ticket: bigint): bigint {
  return (ticket << 2n) | KIND_CODES[kind];
}

export const ticketOf = (turn: bigint): bigint => turn >> 2n;

/** Whether it is a ticket for the other kind. */
export function isForOther(turn: bigint, kind: TurnKind): boolean {
  return turn !== NO_TURN && turn !== CHOOSING && (turn & 3n) !== KIND_CODES[kind];
}
