/** QB_MAP_NOTIFY_*: what happened to a key. Its numbers are those of CMAP_TRACK_*. */
const TRIE_EVENT = { deleted: 1, replaced: 2, inserted: 4 } as const;

export type TrieListener<T> = (
  event: number,
  key: string,
  newValue: T | undefined,
  oldValue: T | undefined,
) => void;

/** One listener of a key, or of all keys below it. */
export interface TrieNotifier<T> {
  /** undefined: the root, which every key lies below. */
  readonly key: string | undefined;
  /** Sum of TRIE_EVENT. */
  readonly events: number;
  readonly recursive: boolean;
  readonly listener: TrieListener<T>;
}

class TrieNode<T> {
  readonly character: number;
  parent: TrieNode<T> | undefined;
  /** Characters that follow `character` without a branch. */
  segment = '';
  children = new Map<number, TrieNode<T>>();
  /** Had a child once: libqb then never extends its segment. */
  branched = false;
  key = '';
  value: T | undefined;
  /** One for the key itself, one for each iterator that stands here. */
  refs = 0;
  notifiers: TrieNotifier<T>[] = [];

  constructor(character: number, parent: TrieNode<T> | undefined) {
    this.character = character;
    this.parent = parent;
  }

  get alive(): boolean {
    return this.value !== undefined && this.refs > 0;
  }
}

/**
 * A map of keys as libqb's trie.c keeps one, because its structure shows: a key that is deleted while an iterator stands
 * on it lives until the iterator moves on; a key that splits the node of an iterator makes the iterator tell its key twice.
 */
export class Trie<T> {
  readonly #root = new TrieNode<T>(0, undefined);

  get(key: string): T | undefined {
    return this.#lookup(key, true)?.value;
  }

  put(key: string, value: T): void {
    const node = this.#insert(key);
    const old = node.value;
    node.key = key;
    node.value = value;
    if (old === undefined) {
      node.refs += 1;
      notify(node, TRIE_EVENT.inserted, key, value, undefined);
    } else {
      notify(node, TRIE_EVENT.replaced, key, value, old);
    }
  }

  /** False if there is no such key. */
  delete(key: string): boolean {
    const node = this.#lookup(key, true);
    if (node === undefined) return false;
    this.#unref(node);
    return true;
  }

  /** Recursive listeners come after those of the exact key, which are told newest first. */
  addNotifier(notifier: TrieNotifier<T>): void {
    const node = this.#notifierNode(notifier.key);
    if (notifier.key !== undefined && notifier.recursive) node.notifiers.push(notifier);
    else node.notifiers.unshift(notifier);
  }

  deleteNotifier(notifier: TrieNotifier<T>): void {
    const node = this.#notifierNode(notifier.key);
    node.notifiers = node.notifiers.filter((other) => other !== notifier);
    release(node);
  }

  /** Keys in the order of their bytes, each looked for when it is asked for. */
  iterate(prefix: (() => string) | undefined): TrieIterator<T> {
    return new TrieIterator({
      first: () => this.#first(prefix),
      next: (node, root) => nextAlive(node, root),
      ref: (node) => (node.refs += 1),
      unref: (node) => this.#unref(node),
    });
  }

  *entries(): Generator<[string, T]> {
    let node = nextAlive(this.#root, this.#root);
    for (; node?.value !== undefined; node = nextAlive(node, this.#root)) yield [node.key, node.value];
  }

  #first(
    prefix: (() => string) | undefined,
  ): { root: TrieNode<T>; node: TrieNode<T> | undefined } | undefined {
    if (prefix === undefined) return { root: this.#root, node: nextAlive(this.#root, this.#root) };
    const root = this.#lookup(prefix(), false);
    if (root === undefined) return undefined;
    return { root, node: root.value === undefined ? nextAlive(root, root) : root };
  }

  #notifierNode(key: string | undefined): TrieNode<T> {
    return key === undefined ? this.#root : this.#insert(key);
  }

  #unref(node: TrieNode<T>): void {
    if (!node.alive) return;
    node.refs -= 1;
    if (node.refs > 0) return;
    notify(node, TRIE_EVENT.deleted, node.key, undefined, node.value);
    node.key = '';
    node.value = undefined;
    release(node);
  }

  /** Not exact: the node in which the text ends, whatever follows. */
  #lookup(key: string, exact: boolean): TrieNode<T> | undefined {
    if (key === '') return undefined;
    let node = this.#root;
    let at = 0;
    for (let i = 0; i < key.length; i++) {
      if (at < node.segment.length) {
        if (node.segment[at] !== key[i]) return undefined;
        at += 1;
        continue;
      }
      const child = node.children.get(key.charCodeAt(i));
      if (child === undefined) return undefined;
      node = child;
      at = 0;
    }
    return exact && at < node.segment.length ? undefined : node;
  }

  #insert(key: string): TrieNode<T> {
    let node = this.#root;
    let at = 0;
    for (let i = 0; i < key.length; i++) {
      const character = key.charCodeAt(i);
      const inSegment = at < node.segment.length;
      if (inSegment ? node.segment[at] === key[i] : this.#extends(node, character)) {
        if (!inSegment) node.segment += key[i] ?? '';
        at += 1;
        continue;
      }
      if (inSegment) split(node, at);
      node = node.children.get(character) ?? addChild(node, character);
      at = 0;
    }
    if (at < node.segment.length) split(node, at);
    return node;
  }

  /** Whether a character becomes part of the node's segment: the node is a leaf without a value. */
  #extends(node: TrieNode<T>, character: number): boolean {
    if (node === this.#root || node.children.has(character)) return false;
    return node.value === undefined && node.notifiers.length === 0 && !node.branched;
  }
}

interface IteratorMoves<T> {
  first(): { root: TrieNode<T>; node: TrieNode<T> | undefined } | undefined;
  next(node: TrieNode<T>, root: TrieNode<T>): TrieNode<T> | undefined;
  ref(node: TrieNode<T>): void;
  unref(node: TrieNode<T>): void;
}

/** One iteration. Past the end it stays there. */
export class TrieIterator<T> {
  readonly #moves: IteratorMoves<T>;
  #place: { readonly root: TrieNode<T>; readonly node: TrieNode<T> } | 'start' | 'end' = 'start';

  constructor(moves: IteratorMoves<T>) {
    this.#moves = moves;
  }

  next(): { key: string; value: T } | undefined {
    const place = this.#place;
    if (place === 'end') return undefined;
    const first = place === 'start' ? this.#moves.first() : undefined;
    const root = place === 'start' ? first?.root : place.root;
    const node = place === 'start' ? first?.node : this.#moves.next(place.node, place.root);
    this.#place = node === undefined || root === undefined ? 'end' : { root, node };
    if (node !== undefined) this.#moves.ref(node);
    // Read before the node that is left goes, which tells its trackers.
    const entry = node?.value === undefined ? undefined : { key: node.key, value: node.value };
    if (place !== 'start') this.#moves.unref(place.node);
    return entry;
  }

  finalize(): void {
    if (typeof this.#place === 'object') this.#moves.unref(this.#place.node);
    this.#place = 'end';
  }
}

/** Characters compare as C's signed char. */
function order(character: number): number {
  return character < 128 ? character : character - 256;
}

function childrenInOrder<T>(node: TrieNode<T>): TrieNode<T>[] {
  return [...node.children.values()].sort((a, b) => order(a.character) - order(b.character));
}

/** The next node with a value in depth-first order, below `root`. */
function nextAlive<T>(from: TrieNode<T>, root: TrieNode<T>): TrieNode<T> | undefined {
  let node = successor(from, root);
  while (node !== undefined && !node.alive) node = successor(node, root);
  return node;
}

function successor<T>(node: TrieNode<T>, root: TrieNode<T>): TrieNode<T> | undefined {
  const child = childrenInOrder(node)[0];
  if (child !== undefined) return child;
  for (let at: TrieNode<T> | undefined = node; at !== undefined && at !== root; at = at.parent) {
    const { character, parent } = at;
    const sibling =
      parent && childrenInOrder(parent).find((other) => order(other.character) > order(character));
    if (sibling !== undefined) return sibling;
  }
  return undefined;
}

function addChild<T>(parent: TrieNode<T>, character: number): TrieNode<T> {
  const child = new TrieNode<T>(character, parent);
  parent.children.set(character, child);
  parent.branched = true;
  return child;
}

/** Moves everything of a node into a child, from the character at `at` on. Iterators stay at the upper half. */
function split<T>(node: TrieNode<T>, at: number): void {
  const { children, branched, notifiers, segment } = node;
  node.children = new Map();
  node.notifiers = [];
  node.segment = segment.slice(0, at);
  const lower = addChild(node, segment.charCodeAt(at));
  lower.segment = segment.slice(at + 1);
  lower.children = children;
  lower.branched = branched;
  lower.notifiers = notifiers;
  lower.key = node.key;
  lower.value = node.value;
  lower.refs = node.refs;
  for (const child of children.values()) child.parent = lower;
  node.key = '';
  node.value = undefined;
  node.refs = 0;
}

/** Removes a node that holds nothing, and then its parent if that was for this node alone. */
function release<T>(node: TrieNode<T>): void {
  const { parent } = node;
  if (parent === undefined || node.value !== undefined) return;
  if (node.notifiers.length > 0 || node.children.size > 0) return;
  parent.children.delete(node.character);
  release(parent);
}

/** From the key's own node up to the root. */
function notify<T>(
  from: TrieNode<T>,
  event: number,
  key: string,
  newValue: T | undefined,
  oldValue: T | undefined,
): void {
  for (let node: TrieNode<T> | undefined = from; node !== undefined; node = node.parent) {
    for (const { events, recursive, listener } of [...node.notifiers]) {
      if ((events & event) !== 0 && (recursive || node === from)) listener(event, key, newValue, oldValue);
    }
  }
}
