import { EventReader } from '../streams/event-reader.ts';
import type { SessionStatus } from './session-state.ts';

/** Unread statuses kept for each reader. */
const MAX_QUEUED = 1024;

/** One step of `session.statuses()`. */
export type SessionStatusEvent = SessionStatus & {
  /** How many statuses before this one the reader was too slow for: more than 1024 unread, and the oldest are given up. */
  readonly skipped?: number;
};

/** The statuses of a session for any number of readers, each from the status at the time when it began. */
export class StatusStream {
  readonly #readers = new Set<StatusReader>();
  #latest: SessionStatus;

  constructor(first: SessionStatus) {
    this.#latest = first;
  }

  /** `closed` is the last one. Being up to date is told again only if `behind` has changed. */
  push(status: SessionStatus): void {
    if (isSame(status, this.#latest)) return;
    this.#latest = status;
    for (const reader of this.#readers) reader.push(status);
    if (status.state === 'closed') this.#readers.clear();
  }

  read(): AsyncIterable<SessionStatusEvent> {
    return {
      [Symbol.asyncIterator]: () => {
        const reader = new StatusReader(this.#latest, () => void this.#readers.delete(reader));
        if (this.#latest.state !== 'closed') this.#readers.add(reader);
        return reader.events;
      },
    };
  }
}

class StatusReader {
  readonly events: EventReader<SessionStatusEvent>;
  readonly #queue: SessionStatus[] = [];
  #skipped = 0;

  constructor(first: SessionStatus, onReturn: () => void) {
    this.events = new EventReader(() => this.#shift(), onReturn);
    this.push(first);
  }

  push(status: SessionStatus): void {
    if (this.#queue.push(status) > MAX_QUEUED) {
      this.#queue.shift();
      this.#skipped += 1;
    }
    this.events.wake();
    if (status.state === 'closed') this.events.end();
  }

  #shift(): SessionStatusEvent | undefined {
    const status = this.#queue.shift();
    if (status === undefined || this.#skipped === 0) return status;
    const skipped = this.#skipped;
    this.#skipped = 0;
    return { ...status, skipped };
  }
}

function isSame(one: SessionStatus, other: SessionStatus): boolean {
  return one.state === 'resynced' && other.state === 'resynced' && one.behind === other.behind;
}
