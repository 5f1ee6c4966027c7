import type { Totem } from '../cluster/totem.ts';

/** totem's queue of what this node sends: entries of as many bytes as knet carries at once, into which small messages are packed. */
const ENTRIES = 64;
const ENTRY_SIZE = 65_446;
/** From so many on, clients are held off. */
const CRITICAL_ENTRIES = 48;

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
      this.#add(-bytes);
      deliver();
    });
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    const critical = entries(this.#bytes) >= CRITICAL_ENTRIES;
    if (critical === this.#critical) return;
    this.#critical = critical;
    this.#onCritical(critical);
  }
}

function entries(bytes: number): number {
  return Math.ceil(bytes / ENTRY_SIZE);
}
