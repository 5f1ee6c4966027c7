import { isDeepStrictEqual } from 'node:util';
import type { ConnectionError } from '../errors/index.ts';
import type { CheckedReaderOptions } from '../streams/reader-options.ts';
import { Subscription } from '../streams/subscription.ts';
import type { FollowerDriver } from './followers.ts';

const OPERATION = 'follow';

/** What a follower of a state tells, beside its changes. */
export type StateLandmark<S> =
  | { readonly kind: 'snapshot'; readonly state: S }
  | { readonly kind: 'lost'; readonly error: ConnectionError }
  | { readonly kind: 'resynced'; readonly state: S; readonly changed: boolean }
  | { readonly kind: 'overflow'; readonly dropped: number; readonly state: S | undefined };

/** Where what follows on one connection tells of it. */
export interface StateSink<S, V> {
  /** What was told last, on whatever connection. */
  readonly current: S | undefined;
  /** What holds: once for each connection. */
  snapshot(state: S): void;
  /** After the snapshot. @param change as it is told: it has the state just after it */
  changed(change: V, state: S): void;
}

/** What follows on one connection. */
export interface Following {
  /** Never fails. */
  close(): Promise<void>;
}

/** Begins to follow on a connection; resolves when events can come. */
export type Follow<C, S, V> = (client: C, sink: StateSink<S, V>) => Promise<Following>;

type State =
  /** There is no connection, or it is being asked. */
  | { readonly name: 'waiting' }
  | { readonly name: 'following'; readonly following: Following }
  | { readonly name: 'ended' };

/** Follows one state across connections: a snapshot, changes, and what is told of a loss. */
export class StateFollower<
  C extends { whenClosed(): Promise<unknown> },
  S,
  V extends { readonly kind: string },
>
  implements AsyncIterable<V | StateLandmark<S>>, AsyncDisposable, FollowerDriver<C>
{
  readonly #events: Subscription<V | StateLandmark<S>>;
  readonly #follow: Follow<C, S, V>;
  readonly #onEnd: () => void;
  #state: State = { name: 'waiting' };
  /** Names the connection: what another one tells does not count any more. */
  #attachment: object | undefined;
  #current: S | undefined;
  /** From a loss until what holds is known again: who was too slow for the event must not take the old state for what holds. */
  #loss: readonly [{ readonly kind: 'lost'; readonly error: ConnectionError }] | readonly [] = [];

  constructor(
    options: CheckedReaderOptions<V | StateLandmark<S>>,
    follow: Follow<C, S, V>,
    onEnd: () => void,
  ) {
    this.#follow = follow;
    this.#onEnd = onEnd;
    this.#events = new Subscription<V | StateLandmark<S>>({
      ...options,
      operation: OPERATION,
      catchUp: (dropped) => [{ kind: 'overflow', dropped, state: this.#current }, ...this.#loss],
      onReturn: () => this.close(),
    });
  }

  get current(): S | undefined {
    return this.#current;
  }

  async close(): Promise<void> {
    this.#events.clear();
    await this.#finish(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<V | StateLandmark<S>> {
    return this.#events[Symbol.asyncIterator]();
  }

  async attach(client: C): Promise<void> {
    if (this.#state.name === 'ended') return;
    const attachment = {};
    let caughtUp = (): void => undefined;
    const isCaughtUp = new Promise<void>((resolve) => (caughtUp = resolve));
    this.#attachment = attachment;
    const following = await this.#follow(
      client,
      this.#sink(attachment, () => caughtUp()),
    );
    // It may have been closed, or the connection lost, while corosync was asked.
    if (this.#attachment !== attachment) return following.close();
    this.#state = { name: 'following', following };
    await Promise.race([isCaughtUp, client.whenClosed()]);
  }

  lost(error: ConnectionError): void {
    this.#attachment = undefined;
    if (this.#state.name === 'ended') return;
    if (this.#state.name === 'following') void this.#state.following.close();
    this.#state = { name: 'waiting' };
    if (this.#current === undefined) return;
    this.#loss = [{ kind: 'lost', error }];
    this.#events.push(this.#loss[0]);
  }

  end(error?: Error): void {
    void this.#finish(error);
  }

  async #finish(error: Error | undefined): Promise<void> {
    if (this.#state.name === 'ended') return;
    const following = this.#state.name === 'following' ? this.#state.following : undefined;
    this.#state = { name: 'ended' };
    this.#attachment = undefined;
    this.#events.end(error);
    this.#onEnd();
    await following?.close();
  }

  #sink(attachment: object, caughtUp: () => void): StateSink<S, V> {
    const current = (): S | undefined => this.#current;
    return {
      get current() {
        return current();
      },
      snapshot: (state) => {
        if (this.#attachment !== attachment) return;
        this.#snapshot(state);
        caughtUp();
      },
      changed: (change, state) => {
        if (this.#attachment !== attachment) return;
        this.#current = state;
        this.#events.push(change);
      },
    };
  }

  #snapshot(state: S): void {
    const before = this.#current;
    this.#current = state;
    this.#loss = [];
    if (before === undefined) this.#events.push({ kind: 'snapshot', state });
    else this.#events.push({ kind: 'resynced', state, changed: !isDeepStrictEqual(before, state) });
  }
}
