import type { ClusterNode } from '../cluster/cluster-options.ts';

/** A link to another node, by its number. */
export interface LinkPlace {
  readonly nodeId: number;
  readonly link: number;
}

/** Which of the others run, and which of their links reach the local node. */
export class Topology {
  readonly #others: readonly ClusterNode[];
  #running: ReadonlySet<number>;
  /** Those that a partition has put elsewhere, in groups. */
  #elsewhere: readonly (readonly number[])[] = [];
  #cut: readonly LinkPlace[] = [];

  constructor(nodes: readonly ClusterNode[], localNodeId: number) {
    this.#others = nodes.filter(({ id }) => id !== localNodeId);
    this.#running = new Set(this.#others.map(({ id }) => id));
  }

  runs(nodeId: number): boolean {
    return this.#running.has(nodeId);
  }

  /** Whether it runs, and hears the local node. */
  isThere(nodeId: number): boolean {
    return this.linksUp().some((place) => place.nodeId === nodeId);
  }

  /** Those that are members with the local node. */
  there(): readonly number[] {
    return [...new Set(this.linksUp().map(({ nodeId }) => nodeId))];
  }

  /** Those that run, and do not hear the local node; each with those that it hears. */
  cutOff(): readonly (readonly number[])[] {
    const there = this.there();
    const away = (id: number): boolean => this.runs(id) && !there.includes(id);
    const alone = this.#others.map(({ id }) => id).filter((id) => away(id) && !this.#isElsewhere(id));
    return [...this.#elsewhere.map((group) => group.filter(away)), ...alone.map((id) => [id])].filter(
      ({ length }) => length > 0,
    );
  }

  /** The links on which another node answers. */
  linksUp(): readonly LinkPlace[] {
    return this.#others.flatMap(({ id, addresses }) =>
      addresses.map((_, link) => ({ nodeId: id, link })).filter((place) => this.#isUp(place)),
    );
  }

  /** The links that are cut. */
  cuts(): readonly LinkPlace[] {
    return this.#cut;
  }

  isCut({ nodeId, link }: LinkPlace): boolean {
    return this.#cut.some((place) => place.nodeId === nodeId && place.link === link);
  }

  start(nodeId: number): void {
    this.#running = new Set([...this.#running, nodeId]);
  }

  end(nodeId: number): void {
    this.#running = new Set([...this.#running].filter((id) => id !== nodeId));
  }

  cut(place: LinkPlace): void {
    this.#cut = [...this.#cut, place];
  }

  mend({ nodeId, link }: LinkPlace): void {
    this.#cut = this.#cut.filter((place) => place.nodeId !== nodeId || place.link !== link);
  }

  /** @param groups those that do not hear the local node, and hear each other */
  part(groups: readonly (readonly number[])[]): void {
    this.#elsewhere = groups;
  }

  /** Every node hears every other one on all links. */
  heal(): void {
    this.#elsewhere = [];
    this.#cut = [];
  }

  #isUp(place: LinkPlace): boolean {
    return this.runs(place.nodeId) && !this.#isElsewhere(place.nodeId) && !this.isCut(place);
  }

  #isElsewhere(nodeId: number): boolean {
    return this.#elsewhere.some((group) => group.includes(nodeId));
  }
}
