import { Random } from '../integration/integration-random.ts';

export type MemberStep = 'start' | 'leave' | 'close' | 'kill' | 'pause' | 'resume';
export type NodeStep =
  | 'cut'
  | 'heal'
  | 'kill corosync'
  | 'stop corosync'
  | 'start corosync'
  | 'pause corosync'
  | 'resume corosync';

/** What happens to a member, by its place, or to a node. */
export type OrderStep =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: MemberStep; readonly place: number }
  | { readonly do: NodeStep; readonly nodeId: number };

/** Members to each node. */
export const PLACES_PER_NODE = 3;
const NODES = 3;

type Trouble = readonly [begin: OrderStep, end: OrderStep, leastMs: number, mostMs: number];

/** A token that is lost is noticed after 3.5 seconds: shorter troubles are to be survived without a change of nodes, too. */
const TROUBLES: readonly Trouble[] = [
  ...[2, 3].flatMap((nodeId): Trouble[] => [
    [{ do: 'cut', nodeId }, { do: 'heal', nodeId }, 200, 8000],
    [{ do: 'stop corosync', nodeId }, { do: 'start corosync', nodeId }, 100, 3000],
  ]),
  ...[1, 2, 3].flatMap((nodeId): Trouble[] => [
    [{ do: 'kill corosync', nodeId }, { do: 'start corosync', nodeId }, 100, 6000],
    [{ do: 'pause corosync', nodeId }, { do: 'resume corosync', nodeId }, 100, 6000],
  ]),
];
const MEMBER_STEPS = ['leave', 'close', 'kill', 'pause'] as const;
/** After which a node that is cut off is surely missed. */
const NOTICED_MS = 6000;
/** Of the time in which nothing happens but what has begun. */
const CALM_MS = 2500;

/**
 * What happens in a run of about so many seconds, the same for the same seed. Something always happens to members; one trouble of nodes at a
 * time, each kind once before any comes again, and calm in between. In the end everybody is well.
 */
export function makePlan(random: Random, seconds: number): OrderStep[] {
  const steps: OrderStep[] = [];
  const members = new MemberSteps(random);
  const troubles = new Deck(TROUBLES, random);
  let leftMs = seconds * 1000;
  const pass = (ms: number): void => {
    leftMs -= ms;
    for (let rest = ms; rest > 0; rest -= 600) {
      steps.push({ do: 'wait', ms: Math.min(rest, 600) });
      if (rest > 600) steps.push(...members.next());
    }
  };
  for (let place = 0; place < NODES * PLACES_PER_NODE; place += 1) steps.push({ do: 'start', place });
  pass(CALM_MS);
  steps.push({ do: 'cut', nodeId: 3 });
  pass(NOTICED_MS);
  steps.push({ do: 'heal', nodeId: 3 });
  while (leftMs > 0) {
    const [begin, end, least, most] = troubles.next();
    steps.push(begin);
    pass(least + random.below(most - least));
    steps.push(end);
    pass(CALM_MS + random.below(2 * CALM_MS));
  }
  return [...steps, ...members.finish(), { do: 'wait', ms: CALM_MS }];
}

/** Who is ended comes again a step later; so does who is paused. */
class MemberSteps {
  readonly #random: Random;
  readonly #kinds: Deck<(typeof MEMBER_STEPS)[number]>;
  #after: OrderStep[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.#kinds = new Deck(MEMBER_STEPS, random);
  }

  next(): OrderStep[] {
    if (this.#after.length > 0) return this.finish();
    const place = this.#random.below(NODES * PLACES_PER_NODE);
    const kind = this.#kinds.next();
    this.#after = [{ do: kind === 'pause' ? 'resume' : 'start', place }];
    return [{ do: kind, place }];
  }

  finish(): OrderStep[] {
    return this.#after.splice(0);
  }
}

/** Deals all of its cards before any comes again. */
class Deck<T> {
  readonly #cards: readonly T[];
  readonly #random: Random;
  #left: T[] = [];

  constructor(cards: readonly T[], random: Random) {
    this.#cards = cards;
    this.#random = random;
  }

  next(): T {
    if (this.#left.length === 0) this.#left = [...this.#cards];
    const [card] = this.#left.splice(this.#random.below(this.#left.length), 1);
    if (card === undefined) throw new Error('a deck without cards');
    return card;
  }
}
