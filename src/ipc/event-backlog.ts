import type { RequestMessage } from '../codec/message.ts';
import type { ConnectionError } from '../errors/index.ts';
import { PendingCall, type Urgency } from './calls/pending-call.ts';

/** What a service tells of its events, so that those that wait inside corosync can be fetched. */
export interface EventWaking {
  /** The cheapest request of the service, which changes nothing. Its answer is of no interest. `undefined`: nothing is to be fetched any more. */
  wake(): RequestMessage<unknown> | undefined;
  /** Bytes of the largest event. */
  readonly largestEvent: number;
  /**
   * What changes something waits while events do, for each change may cause as many as there are trackers. `false`: the service bounds by
   * itself what its requests cause. Default true.
   */
  readonly holdsChanges?: boolean;
}

/** The way that events take from corosync to us, in bytes or in events, as the transport counts. */
export interface EventChannel {
  /** All that corosync has put into it since the connection began. */
  written(): number;
  /** All that we have taken out of it. */
  readonly taken: number;
  /** While the channel held less than this, corosync cannot have found it too full for an event. */
  readonly room: number;
}

/** Milliseconds until corosync is woken once more, where the last time has brought nothing. */
const PAUSE_MS = 1;
/**
 * After so many times in a row nothing waits any more. One would do, if this were the only connection: but of all that have a backlog,
 * corosync's main loop lets four try before it goes on to a request like ours (libqb loop.c).
 */
const VAIN_ROUNDS = 4;

/** Somebody who waits until everything is taken that corosync had to tell. */
interface Waiting {
  /** All that was written by then; unknown before the end of a backlog. */
  position: number | undefined;
  /** Whether nothing waited inside corosync when that was written. */
  isSure: boolean;
  readonly resolve: () => void;
  readonly reject: (error: ConnectionError) => void;
}

/**
 * Knows whether events wait inside corosync, and fetches them.
 *
 * What finds the channel full is queued in corosync's heap. It tries again when its main loop turns (exec/ipc_glue.c), which, if nothing
 * else happens, it does each 50 ms, and no sooner because there is room again. A request makes it turn at once. So while a backlog
 * comes in, one goes out each time that the channel is empty.
 *
 * Whether there is a backlog follows from what the channel holds: it begins at the earliest when the channel was full; and it is over when
 * corosync, after an answer to a request that was made after events were taken, has written some, but not so many that they could have filled it.
 */
export class EventBacklog {
  readonly #channel: EventChannel;
  readonly #waking: EventWaking;
  readonly #submit: (call: PendingCall, urgent: Urgency) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #onTurn: (exists: boolean) => void;
  #state: 'none' | 'pausing' | 'waking' | 'stopped' = 'none';
  #pause: NodeJS.Timeout | undefined;
  #vainRounds = 0;
  /** What was taken last: the channel may have held it beside what it holds now. */
  #unseen = 0;
  #waiting: Waiting[] = [];

  /**
   * @param submit sends a request
   * @param onTurn a backlog has begun, or is over
   */
  constructor(
    channel: EventChannel,
    waking: EventWaking,
    submit: (call: PendingCall, urgent: Urgency) => void,
    onFailure: (error: unknown) => void,
    onTurn: (exists: boolean) => void,
  ) {
    this.#channel = channel;
    this.#waking = waking;
    this.#submit = submit;
    this.#onFailure = onFailure;
    this.#onTurn = onTurn;
  }

  /** Whether events may wait inside corosync. */
  get exists(): boolean {
    return this.#state === 'pausing' || this.#state === 'waking';
  }

  /**
   * Events have been taken.
   * @param held what the channel held before
   * @param left what it holds now
   * @param unseen how much has been taken that corosync may not have seen going while it wrote on
   */
  drained(held: number, left: number, unseen = 0): void {
    this.#look(held);
    this.#unseen = unseen;
    if (this.#state === 'pausing' && left === 0) this.#startRound();
    if (this.#waiting.length > 0) this.#settle();
  }

  /** Resolves when all events have been taken that corosync had to tell before the last answer; rejects at the end of the connection. */
  caughtUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      const position = this.#channel.written();
      this.#look(position - this.#channel.taken);
      this.#waiting.push({ position, isSure: false, resolve, reject });
      this.#settle();
    });
  }

  stop(error: ConnectionError): void {
    this.#state = 'stopped';
    clearTimeout(this.#pause);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #look(held: number): void {
    if (this.#state !== 'none' || held + this.#unseen < this.#channel.room) return;
    this.#vainRounds = 0;
    this.#pauseRounds();
    this.#onTurn(true);
  }

  #settle(): void {
    const arrived = this.#waiting.filter(({ position }) => (position ?? Infinity) <= this.#channel.taken);
    for (const waiting of arrived) {
      // Only what was taken may have shown that the channel was full.
      if (this.exists && !waiting.isSure) waiting.position = undefined;
      else waiting.resolve();
    }
    this.#waiting = this.#waiting.filter(
      (waiting) => waiting.position === undefined || !arrived.includes(waiting),
    );
  }

  #pauseRounds(): void {
    this.#state = 'pausing';
    this.#pause = setTimeout(this.#startRound, PAUSE_MS);
  }

  readonly #startRound = (): void => {
    clearTimeout(this.#pause);
    try {
      const { taken, room } = this.#channel;
      const written = this.#channel.written();
      // There is no room yet for what might be fetched.
      if (written - taken >= room) return this.#pauseRounds();
      const message = this.#waking.wake();
      if (message === undefined) return this.#end(written);
      this.#state = 'waking';
      const call = new PendingCall(message, { timeoutMs: Infinity, background: true });
      this.#submit(call, true);
      const answered = (): void => this.#endRound({ taken, written });
      void call.promise.then(answered, answered);
    } catch (error) {
      this.#onFailure(error);
    }
  };

  /** @param before what had been taken and written when corosync was woken */
  #endRound(before: { readonly taken: number; readonly written: number }): void {
    if (this.#state === 'stopped') return;
    try {
      const written = this.#channel.written();
      const mayHaveFilled = written - before.taken >= this.#channel.room;
      const isVain = written === before.written;
      this.#vainRounds = isVain ? this.#vainRounds + 1 : 0;
      if (!mayHaveFilled && (!isVain || this.#vainRounds === VAIN_ROUNDS)) this.#end(written);
      else if (mayHaveFilled && written === this.#channel.taken) this.#startRound();
      else this.#pauseRounds();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #end(written: number): void {
    this.#state = 'none';
    this.#unseen = 0;
    for (const waiting of this.#waiting) {
      if (waiting.isSure) continue;
      waiting.position = written;
      waiting.isSure = true;
    }
    this.#settle();
    this.#onTurn(false);
  }
}
