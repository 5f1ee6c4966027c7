import { EventReader } from './event-reader.ts';
import type { SessionStatus } from './session-state.ts';

/** Unread statuses kept for each reader. */
const MAX_QUEUED = 1024;

/** The statuses of a session for any number of readers, each from the status at the time when it began. */
export class StatusStream {
  readonly #readers = new Set<{ queue: SessionStatus[]; reader: EventReader<SessionStatus> }>();
  #latest: SessionStatus;

  constructor(first: SessionStatus) {
    this.#latest = first;
  }

  /** `closed` is the last one. */
  push(status: SessionStatus): void {
    this.#latest = status;
    for (const { queue, reader } of this.#readers) {
      // A reader of a thousand old statuses has no use for the oldest.
      if (queue.push(status) > MAX_QUEUED) queue.shift();
      reader.wake();
      if (status.state === 'closed') reader.end();
    }
    if (status.state === 'closed') this.#readers.clear();
  }

  read(): AsyncIterable<SessionStatus> {
    return { [Symbol.asyncIterator]: () => this.#newReader() };
  }

  #newReader(): AsyncIterator<SessionStatus, undefined> {
    const queue = [this.#latest];
    const entry = {
      queue,
      reader: new EventReader(
        () => queue.shift(),
        () => void this.#readers.delete(entry),
      ),
    };
    if (this.#latest.state === 'closed') entry.reader.end();
    else this.#readers.add(entry);
    return entry.reader;
  }
}
