import { MAX_ATOMIC_MESSAGE } from '../../../src/codec/cpg/mcast.ts';
import {
  nodeOf,
  REASON,
  tokenOf,
  type EntryOf,
  type OrderChange,
  type OrderHistory,
} from './order-history.ts';

/** What a member was told between two changes of the nodes. */
interface Part {
  readonly of: OrderHistory;
  readonly ring: string;
  /** The ring that came next; undefined if the history ends before. */
  next: string | undefined;
  readonly tokens: string[];
  /** Of messages that came in fragments. */
  readonly fragmented: Set<string>;
  /** Nodes of which it was told that they are down. */
  readonly lost: Set<string>;
  /** Nodes that came with its ring. */
  readonly came: ReadonlySet<string>;
  /** It begins with the member's own joining: the ring was there before. */
  readonly isFirst: boolean;
}

/**
 * Whether those who were in a ring together have been told the same. On one node, and on nodes that go on together, all is the same. A node that
 * parts has the same beginning; behind that each side may have what the other has not, and nothing else.
 */
export function checkTogether(histories: readonly OrderHistory[]): string[] {
  const wrong: string[] = [];
  const rings = new Map<string, Part[]>();
  const homes = new Map<string, string>();
  for (const part of histories.flatMap(partsOf)) {
    for (const token of part.tokens) {
      const home = homes.get(token);
      if (home === undefined) homes.set(token, part.ring);
      else if (home !== part.ring && !token.startsWith('members'))
        wrong.push(`${part.of.name}: message ${token} came in ring ${part.ring}, elsewhere in ${home}`);
    }
    const others = rings.get(part.ring) ?? [];
    for (const other of others) wrong.push(...compare(other, part));
    rings.set(part.ring, [...others, part]);
  }
  return wrong;
}

/** From the own joining on: programs on libcpg are told of rings before it, too. */
function partsOf(history: OrderHistory): Part[] {
  const joining = Math.max(
    history.entries.findIndex(({ kind }) => kind === 'view'),
    0,
  );
  const entries = history.entries.slice(joining);
  const first = ringsOf(history.entries.slice(0, joining)).at(-1) ?? ringsOf(entries)[0];
  if (first === undefined) return [];
  let part = partOf(history, first.ring, true);
  let came = new Set<string>();
  const parts = [part];
  for (const entry of entries) {
    if (entry.kind !== 'ring') part.tokens.push(tokenOf(entry));
    else if (entry.ring !== part.ring) {
      part.next = entry.ring;
      part = partOf(history, entry.ring, false, came);
      came = new Set();
      parts.push(part);
    }
    if (entry.kind === 'view') {
      for (const node of nodesOf(entry.left, REASON.nodeDown)) part.lost.add(node);
      for (const node of nodesOf(entry.joined, REASON.nodeUp)) came.add(node);
    }
    if (entry.kind === 'message' && entry.length > MAX_ATOMIC_MESSAGE) part.fragmented.add(tokenOf(entry));
  }
  return parts;
}

function ringsOf(entries: OrderHistory['entries']): EntryOf<'ring'>[] {
  return entries.filter((entry) => entry.kind === 'ring');
}

function nodesOf(changes: readonly OrderChange[], why: number): string[] {
  return changes.filter(({ reason }) => reason === why).map(({ member }) => nodeOf(member));
}

function partOf(
  of: OrderHistory,
  ring: string,
  isFirst: boolean,
  came: ReadonlySet<string> = new Set(),
): Part {
  return { of, ring, next: undefined, tokens: [], fragmented: new Set(), lost: new Set(), came, isFirst };
}

function compare(a: Part, b: Part): string[] {
  const [allOfA, allOfB] = overlap(a, b) ?? [];
  const areNeighbours = nodeOf(a.of.member) === nodeOf(b.of.member);
  const goOnTogether =
    a.next !== undefined &&
    b.next !== undefined &&
    (areNeighbours || (a.next === b.next && !haveParted(a, b)));
  if (allOfA === undefined || allOfB === undefined)
    return goOnTogether ? [`${names(a, b)} go on together, and one has not heard of the other`] : [];
  const haveMet = a.came.has(nodeOf(b.of.member)) || b.came.has(nodeOf(a.of.member));
  const [as, bs] = [withoutBegun(allOfA, a, allOfB, haveMet), withoutBegun(allOfB, b, allOfA, haveMet)];
  let same = 0;
  while (same < as.length && same < bs.length && as[same] === bs[same]) same += 1;
  if (same === as.length && same === bs.length) return [];
  const isEnd = (same === as.length && a.next === undefined) || (same === bs.length && b.next === undefined);
  const mayDiffer = !goOnTogether && (!areNeighbours || isEnd) && areDisjoint(as.slice(same), bs.slice(same));
  return mayDiffer ? [] : [`${names(a, b)} differ at ${same}: ${around(as, same)} - ${around(bs, same)}`];
}

/** Nodes that part and come together again before the new ring has settled are told of the last ring only. */
function haveParted(a: Part, b: Part): boolean {
  return a.lost.has(nodeOf(b.of.member)) || b.lost.has(nodeOf(a.of.member));
}

/** What both were there for: from the later of the two joinings on. */
function overlap(a: Part, b: Part): [readonly string[], readonly string[]] | undefined {
  const from = (late: Part, early: Part): [readonly string[], readonly string[]] | undefined => {
    const [joining] = late.tokens;
    if (!late.isFirst || joining === undefined) return undefined;
    const at = early.tokens.indexOf(joining);
    return at === -1 ? undefined : [late.tokens, early.tokens.slice(at)];
  };
  if (!a.isFirst && !b.isFirst) return [a.tokens, b.tokens];
  const bThenA = from(b, a);
  return from(a, b) ?? (bThenA === undefined ? undefined : [bThenA[1], bThenA[0]]);
}

/**
 * Without messages that began before, and of which others are not told. Who joins in between does not get a message whose first fragment came before, nor does
 * who comes back: for those who get it, it is the first one of its sender. Totem has fragments of its own, for it fills its frames: until a node's frame
 * ends with the end of a message, who meets it gets nothing of that node.
 */
function withoutBegun(
  tokens: readonly string[],
  { fragmented }: Part,
  others: readonly string[],
  haveMet: boolean,
): readonly string[] {
  const got = new Set(others);
  const senders = new Set<string>();
  const heardNodes = new Set<string>();
  return tokens.filter((token) => {
    const [sender = ''] = token.split(' ');
    const isSendersFirst = !senders.has(sender);
    senders.add(sender);
    if (got.has(token)) heardNodes.add(nodeOf(sender));
    const hasBegun = fragmented.has(token) && isSendersFirst;
    const isOfFrames = haveMet && sender !== 'members' && !heardNodes.has(nodeOf(sender));
    return got.has(token) || !(hasBegun || isOfFrames);
  });
}

function areDisjoint(as: readonly string[], bs: readonly string[]): boolean {
  const tokens = new Set(as);
  return !bs.some((token) => tokens.has(token));
}

function names(a: Part, b: Part): string {
  return `in ring ${a.ring}, ${a.of.name} and ${b.of.name}`;
}

function around(tokens: readonly string[], at: number): string {
  return tokens.slice(Math.max(at - 1, 0), at + 2).join(' | ') || 'the end';
}
