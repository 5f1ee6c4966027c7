/**
 * What one member of a group was told, as it has written it down, a line each:
 *
 *   v MEMBERS JOINED LEFT                     the members have changed: NODE:PID:REASON,... each, or -
 *   m NODE PID NUMBER LENGTH whole|torn       a message, the sender's how many-th, and whether its bytes are as they were sent
 *   r RING                                    the nodes have changed
 *   a NUMBER                                  so many of its own messages were accepted: before the end
 *   e left|closed|lost|broken WHY             the end. Who was killed has none.
 */
export type OrderEntry =
  | {
      readonly kind: 'message';
      readonly from: string;
      readonly number: number;
      readonly length: number;
      readonly whole: boolean;
    }
  | {
      readonly kind: 'view';
      readonly members: readonly string[];
      readonly joined: readonly OrderChange[];
      readonly left: readonly OrderChange[];
    }
  | { readonly kind: 'ring'; readonly ring: string };

export type EntryOf<Kind extends OrderEntry['kind']> = Extract<OrderEntry, { readonly kind: Kind }>;

/** Who has come or gone: `NODE:PID`, and corosync's number for the reason. */
export interface OrderChange {
  readonly member: string;
  readonly reason: number;
}

export const REASON = { join: 1, leave: 2, nodeDown: 3, nodeUp: 4, processDown: 5 } as const;

export interface OrderHistory {
  /** For people. */
  readonly name: string;
  /** Who has written it: `NODE:PID`. */
  readonly member: string;
  readonly entries: readonly OrderEntry[];
  readonly accepted: number;
  /**
   * `'left'`: it was told of its own leaving; `'closed'`: it has closed without waiting for that; `'lost'`: corosync went away;
   * `'broken'`: something failed that cannot.
   */
  readonly end: 'left' | 'closed' | 'lost' | 'broken' | 'killed';
  /** Of what is broken. */
  readonly why: string;
}

/** The last line counts only if it is complete: its writer may have been killed in it. */
export function parseHistory(name: string, member: string, text: string): OrderHistory {
  const entries: OrderEntry[] = [];
  let accepted = 0;
  let end: OrderHistory['end'] = 'killed';
  let why = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const [kind, ...words] = line.split(' ');
    if (kind === 'a') accepted = Number(words[0]);
    else if (kind === 'e') [end, why] = [parseEnd(words[0]), words.slice(1).join(' ')];
    else entries.push(parseEntry(line, kind, words));
  }
  return { name, member, entries, accepted, end, why };
}

function parseEnd(word = ''): OrderHistory['end'] {
  if (word === 'left' || word === 'closed' || word === 'lost' || word === 'broken') return word;
  throw new Error(`a history ends with ${word}`);
}

function parseEntry(line: string, kind: string | undefined, words: readonly string[]): OrderEntry {
  const [first = '', second = '', third = '', fourth, fifth] = words;
  switch (kind) {
    case 'm': {
      const [number, length] = [Number(third), Number(fourth)];
      return { kind: 'message', from: `${first}:${second}`, number, length, whole: fifth === 'whole' };
    }
    case 'v': {
      const members = changes(first).map(({ member }) => member);
      return { kind: 'view', members: members.sort(), joined: changes(second), left: changes(third) };
    }
    case 'r':
      return { kind: 'ring', ring: first };
    default:
      throw new Error(`a history says: ${line}`);
  }
}

function changes(word: string): OrderChange[] {
  if (word === '-') return [];
  return word.split(',').map((address) => {
    const [node = '', pid = '', reason] = address.split(':');
    return { member: `${node}:${pid}`, reason: Number(reason) };
  });
}

/** An entry in short, the same for all who were told the same. */
export function tokenOf(entry: OrderEntry): string {
  switch (entry.kind) {
    case 'message':
      return `${entry.from} ${entry.number}`;
    case 'view':
      return `members ${entry.members.join()} joined ${text(entry.joined)} left ${text(entry.left)}`;
    case 'ring':
      return `ring ${entry.ring}`;
  }
}

function text(list: readonly OrderChange[]): string {
  return list
    .map(({ member, reason }) => `${member}:${reason}`)
    .sort()
    .join();
}

export function nodeOf(member: string): string {
  return member.slice(0, member.indexOf(':'));
}
