import {
  nodeOf,
  REASON,
  tokenOf,
  type EntryOf,
  type OrderChange,
  type OrderEntry,
  type OrderHistory,
} from './order-history.ts';
import { checkTogether } from './order-together.ts';

type View = EntryOf<'view'>;
type Message = EntryOf<'message'>;

/**
 * What is wrong with the histories of a run; nothing, if the group has kept its promises:
 *
 * - a member is told of its own joining first, and of nothing behind its own leaving;
 * - each change of members fits the members before it;
 * - a message comes whole, from a sender who is a member, each sender's in their order, without a gap, and none twice;
 * - what was accepted comes back, unless the sender or its corosync is killed; what was accepted before a close, too: to the others;
 * - all who stay together are told the same in the same order.
 */
export function checkOrder(histories: readonly OrderHistory[]): string[] {
  const ended = new Set(histories.flatMap(endedProcesses));
  return [
    ...histories.flatMap((history) => new Alone(history, ended).check()),
    ...histories.flatMap((history) => checkAcceptedBeforeClose(history, histories)),
    ...checkTogether(histories),
  ];
}

/** Members of which it was told that their processes have ended. */
function endedProcesses({ entries }: OrderHistory): string[] {
  return entries.flatMap((entry) =>
    entry.kind === 'view'
      ? entry.left.filter(({ reason }) => reason === REASON.processDown).map(({ member }) => member)
      : [],
  );
}

/** One history by itself, but for who has ended: who parted from it is not told. */
class Alone {
  readonly #history: OrderHistory;
  readonly #wrong: string[] = [];
  #members: ReadonlySet<string> | undefined;
  #hasLeft = false;
  /** The number of each sender's last message; 0 of who has just joined, and unknown of who was there before us. */
  readonly #last = new Map<string, number>();
  /** Who was away, and may have sent meanwhile. */
  readonly #away = new Set<string>();
  /**
   * Members whose processes have ended. Where nodes part or come back in that moment, corosync tells of the end first, and of the last messages later, in a ring
   * in which nothing of that process had come before its end; also to those who have not heard of a return. Programs on libcpg hear the same.
   */
  readonly #ended: ReadonlySet<string>;
  /** Who has left, and how many changes of nodes there had been before the one behind which its last messages may come. */
  readonly #leftBefore = new Map<string, number>();
  /** How many changes of nodes there had been when a message came last, by its sender. */
  readonly #heardAfter = new Map<string, number>();
  /** Whose end was told here. */
  readonly #toldEnded = new Set<string>();
  /** Who is still to join: it has not ended yet. */
  readonly #joinsToCome = new Map<string, number>();
  #rings = 0;

  constructor(history: OrderHistory, ended: ReadonlySet<string>) {
    this.#history = history;
    this.#ended = ended;
    for (const { member } of history.entries.flatMap((entry) => (entry.kind === 'view' ? entry.joined : [])))
      this.#joinsToCome.set(member, (this.#joinsToCome.get(member) ?? 0) + 1);
  }

  check(): readonly string[] {
    for (const entry of this.#history.entries) {
      if (entry.kind === 'ring') {
        this.#onRing();
        continue;
      }
      if (this.#hasLeft) this.#complain('was told after its own leaving', entry);
      if (entry.kind === 'view') this.#onView(entry);
      else this.#onMessage(entry);
    }
    this.#atEnd();
    return this.#wrong;
  }

  /** Nodes that part and come together before a ring has settled between are told of the last ring, and of nothing else. */
  #onRing(): void {
    this.#rings += 1;
    const own = nodeOf(this.#history.member);
    for (const member of this.#members ?? []) if (nodeOf(member) !== own) this.#away.add(member);
  }

  #onView(view: View): void {
    const { member } = this.#history;
    const expected = new Set(this.#members ?? view.members);
    if (this.#members === undefined && !view.joined.some((change) => change.member === member))
      this.#complain('was not told of its own joining first', view);
    for (const change of view.left) {
      if (this.#members !== undefined && !expected.delete(change.member)) this.#onLeftAway(change, view);
      const hasSpoken = this.#heardAfter.get(change.member) === this.#rings;
      this.#leftBefore.set(change.member, hasSpoken ? this.#rings : this.#rings - 1);
      if (change.reason === REASON.processDown) this.#toldEnded.add(change.member);
      else if (change.reason === REASON.nodeDown) this.#away.add(change.member);
    }
    for (const change of view.joined) {
      if (this.#members !== undefined && expected.has(change.member))
        this.#complain(`${change.member} has joined, and was a member`, view);
      expected.add(change.member);
      this.#joinsToCome.set(change.member, (this.#joinsToCome.get(change.member) ?? 0) - 1);
      this.#toldEnded.delete(change.member);
      if (change.reason === REASON.nodeUp) this.#away.add(change.member);
      else this.#last.set(change.member, 0);
    }
    if ([...expected].sort().join() !== view.members.join())
      this.#complain(`should have the members ${[...expected].sort().join()}`, view);
    this.#members = new Set(view.members);
    this.#hasLeft = view.left.some((change) => change.member === member);
  }

  #onLeftAway({ member, reason }: OrderChange, view: View): void {
    const isElsewhere = nodeOf(member) !== nodeOf(this.#history.member);
    if (reason !== REASON.processDown || !isElsewhere || this.#toldEnded.has(member))
      this.#complain(`${member} has left, and was no member`, view);
    this.#away.add(member);
  }

  #endedInEarlierRing(member: string): boolean {
    const hasEnded = this.#ended.has(member) && (this.#joinsToCome.get(member) ?? 0) === 0;
    return hasEnded && (this.#leftBefore.get(member) ?? 0) < this.#rings;
  }

  #onMessage(message: Message): void {
    const { from, number } = message;
    if (!message.whole) this.#complain('was torn', message);
    if (this.#members?.has(from) !== true && !this.#endedInEarlierRing(from))
      this.#complain('comes from who is no member', message);
    const last = this.#last.get(from);
    const isNext = this.#away.has(from) ? number > (last ?? 0) : number === (last ?? number - 1) + 1;
    if (!isNext) this.#complain(`comes after the ${last ?? 0}th of its sender`, message);
    this.#away.delete(from);
    this.#heardAfter.set(from, this.#rings);
    this.#last.set(from, number);
  }

  #atEnd(): void {
    const { end, why, member, accepted } = this.#history;
    if (end === 'broken') this.#wrong.push(`${this.#history.name} broke down: ${why}`);
    const own = this.#last.get(member) ?? 0;
    if (end === 'left' && !this.#hasLeft)
      this.#wrong.push(`${this.#history.name} was not told of its leaving`);
    if (end === 'left' && own !== accepted)
      this.#wrong.push(
        `${this.#history.name}: ${accepted} of its messages were accepted, and ${own} came back`,
      );
  }

  #complain(what: string, entry: OrderEntry): void {
    this.#wrong.push(`${this.#history.name}: ${what}: ${tokenOf(entry)}`);
  }
}

/** Somebody on the same node, who was told of the leaving, must have got all that was accepted. */
function checkAcceptedBeforeClose(closed: OrderHistory, histories: readonly OrderHistory[]): string[] {
  if (closed.end !== 'closed') return [];
  return histories.flatMap(({ name, member, entries }) => {
    if (nodeOf(member) !== nodeOf(closed.member)) return [];
    let last: number | undefined;
    for (const entry of entries) {
      if (entry.kind === 'message' && entry.from === closed.member) last = entry.number;
      if (entry.kind !== 'view') continue;
      if (entry.joined.some((change) => change.member === closed.member)) last = 0;
      if (entry.left.some((change) => change.member === closed.member)) {
        if (last === undefined || last === closed.accepted) return [];
        return [`${name}: of ${closed.accepted} accepted messages of ${closed.name} it was told ${last}`];
      }
    }
    return [];
  });
}
