import type { Totem } from '../cluster/totem.ts';

/** totem's queue of what this node sends: entries of as many bytes as knet carries at once, into which small messages are packed. */
const ENTRIES = 64;
const ENTRY_SIZE = 65_446;
/** From so many on, clients are held off. */
const CRITICAL_ENTRIES = 48;
/** Where they are let go: corosync's levels below that one have gaps between them, in which it stays as it was. */
const RELAXED_ENTRIES = [
  { least: 39, most: 44 },
  { least: 26, most: 31 },
  { least: 0, most: 18 },
];

/** What the clients of this node have sent, and has not been ordered yet. */
export class SendQueue {
  readonly #totem: Totem;
  readonly #onCritical: (critical: boolean) => void;
  #bytes = 0;
  #critical = false;

  /** @param onCritical told when the queue becomes critical, and when it is no longer */
  constructor(totem: Totem, onCritical: (critical: boolean) => void) {
    this.#totem = totem;
    this.#onCritical = onCritical;
  }

  hasRoom(bytes: number): boolean {
    return entries(this.#bytes + bytes) < ENTRIES;
  }

  send(bytes: number, deliver: () => void): void {
    this.#add(bytes);
    this.#totem.send(() => {
      // What is delivered is told before those are served who were held off meanwhile.
      deliver();
      this.#add(-bytes);
    });
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    const used = entries(this.#bytes);
    const changes = this.#critical ? isRelaxed(used) : used >= CRITICAL_ENTRIES;
    if (!changes) return;
    this.#critical = !this.#critical;
    this.#onCritical(this.#critical);
  }
}

function isRelaxed(used: number): boolean {
  return RELAXED_ENTRIES.some(({ least, most }) => used >= least && used <= most);
}

function entries(bytes: number): number {
  return Math.ceil(bytes / ENTRY_SIZE);
}
