import { isDeepStrictEqual } from 'node:util';
import type { ConnectionError } from '../errors/index.ts';
import type { FollowerDriver } from '../session/index.ts';
import type { CheckedReaderOptions } from '../streams/reader-options.ts';
import { Subscription } from '../streams/subscription.ts';
import type { QuorumFollower, QuorumFollowEvent, QuorumState } from './follow-events.ts';
import type { QuorumClient } from './quorum-client.ts';
import type {
  QuorumNodelistEvent,
  QuorumQuorumEvent,
  QuorumTracker,
  QuorumTrackEvent,
} from './quorum-events.ts';

const OPERATION = 'follow';

type State =
  /** There is no connection, or its snapshot is still to come. */
  | { readonly name: 'waiting'; readonly told: boolean }
  | { readonly name: 'following'; readonly tracker: QuorumTracker }
  | { readonly name: 'ended' };

/** Where one connection's tracker brings its follower up to date. */
interface Attachment {
  readonly client: QuorumClient;
  nodelist: QuorumNodelistEvent | undefined;
  caughtUp: () => void;
}

/** The one implementation of QuorumFollower. */
export class StateFollower implements QuorumFollower, FollowerDriver<QuorumClient> {
  readonly #events: Subscription<QuorumFollowEvent>;
  readonly #onEnd: () => void;
  #state: State = { name: 'waiting', told: false };
  #attachment: Attachment | undefined;
  #current: QuorumState | undefined;

  constructor(options: CheckedReaderOptions<QuorumFollowEvent>, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#events = new Subscription<QuorumFollowEvent>({
      ...options,
      operation: OPERATION,
      catchUp: (dropped) => [{ kind: 'overflow', dropped, state: this.#current }],
      onReturn: () => this.close(),
    });
  }

  get current(): QuorumState | undefined {
    return this.#current;
  }

  async close(): Promise<void> {
    const tracker = this.#state.name === 'following' ? this.#state.tracker : undefined;
    this.#events.clear();
    this.end();
    await tracker?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<QuorumFollowEvent> {
    return this.#events[Symbol.asyncIterator]();
  }

  async attach(client: QuorumClient): Promise<void> {
    if (this.#state.name === 'ended') return;
    let caughtUp = (): void => undefined;
    const isCaughtUp = new Promise<void>((resolve) => (caughtUp = resolve));
    const attachment: Attachment = { client, nodelist: undefined, caughtUp };
    this.#attachment = attachment;
    const tracker = await client.track({ listener: (event) => this.#told(attachment, event) });
    // It may have been closed, or the connection lost, while corosync was asked.
    if (this.#attachment !== attachment) return tracker.close();
    this.#state = { name: 'following', tracker };
    await Promise.race([isCaughtUp, client.whenClosed()]);
  }

  lost(error: ConnectionError): void {
    this.#attachment = undefined;
    if (this.#state.name === 'ended') return;
    const told = this.#current !== undefined;
    this.#state = { name: 'waiting', told };
    if (told) this.#events.push({ kind: 'lost', error });
  }

  end(error?: Error): void {
    if (this.#state.name === 'ended') return;
    this.#state = { name: 'ended' };
    this.#attachment = undefined;
    this.#events.end(error);
    this.#onEnd();
  }

  /** The quorum event ends each snapshot: corosync sends the list of nodes before it. */
  #told(attachment: Attachment, event: QuorumTrackEvent): void {
    if (this.#attachment !== attachment || event.kind === 'overflow') return;
    if (!event.snapshot) return this.#changed(event);
    if (event.kind === 'nodelist') attachment.nodelist = event;
    else this.#snapshot(stateOf(event, attachment.nodelist), attachment);
  }

  #snapshot(state: QuorumState, attachment: Attachment): void {
    const before = this.#current;
    this.#current = state;
    if (before === undefined) this.#events.push({ kind: 'snapshot', state });
    else this.#events.push({ kind: 'resynced', state, changed: !isDeepStrictEqual(before, state) });
    attachment.caughtUp();
  }

  #changed(event: QuorumNodelistEvent | QuorumQuorumEvent): void {
    const before = this.#current;
    if (before === undefined) return;
    const { members, ringId } = event;
    const state = { quorate: event.kind === 'quorum' ? event.quorate : before.quorate, members, ringId };
    this.#current = state;
    this.#events.push({ kind: 'change', event, state });
  }
}

/** Without a provider of quorum the quorum event knows neither nodes nor ring. */
function stateOf(
  { quorate, ringId, members }: QuorumQuorumEvent,
  nodelist?: QuorumNodelistEvent,
): QuorumState {
  return { quorate, ringId: nodelist?.ringId ?? ringId, members: nodelist?.members ?? members };
}
