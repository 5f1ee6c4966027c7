import type { MessageSubject } from '../server/service.ts';

/** Requests that change nothing, and are answered by what holds at the moment. */
const LOOKS: ReadonlySet<MessageSubject['request']> = new Set([
  'get',
  'getQuorate',
  'getInfo',
  'ringStatusGet',
  'getNodeAddrs',
  'nodeStatusGet',
]);
/** Who reads the same so often in so many milliseconds may hold himself back before he reads it again, for so long. */
const OFTEN = { times: 4, withinMs: 2500, waitMs: 600 };
/** Who has read the map may read it again when he is told something: he has so many milliseconds to begin. */
const BEGINS_WITHIN_MS = 800;
/** A reading is over when nothing has been asked for so many milliseconds. */
const QUIET_MS = 40;

/**
 * Whether a request only looks: asked again, it tells whether its client knows what holds. Who reads statistics, which move all the time, does not
 * read them again because something has happened.
 */
export function looks({ request, key = '' }: MessageSubject): boolean {
  return LOOKS.has(request) && !key.startsWith('stats.');
}

interface Read {
  readonly answer: Buffer;
  readonly again: () => Buffer | undefined;
}

/** What one client has read: the last answer to each question. */
export class Reads {
  readonly #last = new Map<string, Read>();
  /** The key that was read first, which stands for all, and when it was read lately. */
  #first: string | undefined;
  #readAt: number[] = [];
  #askedAt = 0;
  /** When something was asked that had not been asked before, on the clock of performance.now(). */
  askedNewAt = 0;

  /** @param again asks for the same; nobody is told the answer */
  note({ key }: MessageSubject, request: Buffer, answer: Buffer, again: () => Buffer | undefined): void {
    const question = request.toString('latin1');
    const now = performance.now();
    if (!this.#last.has(question)) this.askedNewAt = now;
    this.#askedAt = now;
    this.#last.set(question, { answer, again });
    if (key === undefined || key !== (this.#first ??= key)) return;
    this.#readAt = [...this.#readAt.filter((at) => at > now - OFTEN.withinMs), now];
  }

  /** Whether the client knows what holds, of all that it has ever asked. */
  get current(): boolean {
    return [...this.#last.values()].every(({ answer, again }) => again()?.equals(answer) === true);
  }

  /** Whether the client may still read, or begin to, because it was told something. */
  readsSince(toldAt: number): boolean {
    if (this.#first === undefined) return false;
    const now = performance.now();
    if ((this.#readAt.at(-1) ?? 0) >= toldAt) return now < this.#askedAt + QUIET_MS;
    return now < toldAt + BEGINS_WITHIN_MS;
  }

  /** Whether the client has read so much lately that it may wait before it reads more. */
  get holdsBack(): boolean {
    const { length } = this.#readAt;
    return length >= OFTEN.times && performance.now() < (this.#readAt.at(-1) ?? 0) + OFTEN.waitMs;
  }
}
