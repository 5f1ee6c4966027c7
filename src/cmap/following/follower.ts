import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { callListener } from '../../streams/call-listener.ts';
import type { CmapClient } from '../cmap-client.ts';
import { CsError, type ConnectionError } from '../../errors/index.ts';
import { Attachment, type AttachmentListener } from './attachment.ts';
import type { FollowerDriver } from '../../session/index.ts';
import { EventReader } from '../../streams/event-reader.ts';
import type { CmapFollowEvent, CmapFollower, CmapFollowNotification } from './follow-events.ts';
import type { ResolvedFollowOptions } from './follow-options.ts';
import { FollowQueue, type Landmark, type Queued } from './follow-queue.ts';
import { changeOf, Picture, type Change } from './picture.ts';

type State =
  /** There is no connection, or its map is being read. */
  | { readonly name: 'waiting'; readonly attachment: Attachment | undefined }
  | { readonly name: 'following'; readonly attachment: Attachment }
  | { readonly name: 'ended' };

export interface FollowerOwner extends Pick<AttachmentListener, 'failed'> {
  readonly map: CmapMap;
  ended(follower: CmapFollower): void;
}

/** The one implementation of CmapFollower. */
export class KeyFollower implements CmapFollower {
  readonly key: string;
  readonly prefix: boolean;
  readonly events: readonly CmapChange[];
  readonly #listener: ((event: CmapFollowEvent) => void) | undefined;
  readonly #owner: FollowerOwner;
  readonly #picture: Picture;
  readonly #queue: FollowQueue;
  readonly #reader: EventReader<CmapFollowEvent>;
  #state: State = { name: 'waiting', attachment: undefined };
  #hasReader = false;
  #snapshotTold = false;
  /** Synthetic notifications that the reader has been given since it was told of a loss. */
  #syntheticRead = 0;
  #whenEnded: (error: Error | undefined) => void = () => undefined;
  readonly #ended = new Promise<Error | undefined>((resolve) => (this.#whenEnded = resolve));

  private constructor(options: ResolvedFollowOptions, owner: FollowerOwner) {
    this.key = options.key;
    this.prefix = options.prefix;
    this.events = options.events;
    this.#listener = options.listener;
    this.#owner = owner;
    this.#picture = new Picture(owner.map === 'icmap');
    this.#queue = new FollowQueue(options, this.#picture.values);
    this.#reader = new EventReader(
      () => this.#next(),
      () => this.close(),
    );
  }

  /** @internal */
  static create(
    options: ResolvedFollowOptions,
    owner: FollowerOwner,
  ): [KeyFollower, FollowerDriver<CmapClient>] {
    const follower = new KeyFollower(options, owner);
    return [
      follower,
      {
        attach: (client) => follower.#attach(client),
        lost: (error) => follower.#lost(error),
        end: (error) => follower.#end(error),
      },
    ];
  }

  get values(): ReadonlyMap<string, CmapValue> {
    return this.#picture.values;
  }

  whenEnded(): Promise<Error | undefined> {
    return this.#ended;
  }

  async close(): Promise<void> {
    if (this.#state.name === 'ended') return;
    const { attachment } = this.#state;
    this.#queue.clear();
    this.#end();
    await attachment?.release();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Its one reader. Leaving the loop closes the follower.
   * @throws CsError CS_ERR_BUSY: it has a reader; CS_ERR_INVALID_PARAM: it has a listener.
   */
  [Symbol.asyncIterator](): AsyncIterator<CmapFollowEvent, undefined> {
    if (this.#listener !== undefined) {
      throw this.#misused('CS_ERR_INVALID_PARAM', 'has a listener, so that its events go there');
    }
    if (this.#hasReader)
      throw this.#misused('CS_ERR_BUSY', 'has a reader already; add another follower for another reader');
    this.#hasReader = true;
    return this.#reader;
  }

  async #attach(client: CmapClient): Promise<void> {
    if (this.#state.name === 'ended') return;
    const attachment = new Attachment(client, this, this.#picture, {
      read: (changes) => {
        this.#state = { name: 'following', attachment };
        if (this.#snapshotTold) this.#tellResynced(changes);
        else this.#tellSnapshot(changes);
      },
      changed: (change, synthetic) => this.#tellChange(change, synthetic),
      failed: (failed, error) => this.#owner.failed(failed, error),
    });
    this.#state = { name: 'waiting', attachment };
    await attachment.start();
  }

  #lost(error: ConnectionError): void {
    if (this.#state.name === 'ended') return;
    const wasFollowing = this.#state.name === 'following';
    this.#state.attachment?.stop();
    this.#state = { name: 'waiting', attachment: undefined };
    if (wasFollowing) this.#tell({ kind: 'lost', error, follower: this });
  }

  #end(error?: Error): void {
    if (this.#state.name === 'ended') return;
    this.#state.attachment?.stop();
    this.#state = { name: 'ended' };
    this.#reader.end(error);
    this.#whenEnded(error);
    this.#owner.ended(this);
  }

  #tellSnapshot(changes: readonly Change[]): void {
    this.#snapshotTold = true;
    const entries = changes.flatMap(({ key, newValue }) =>
      newValue === undefined ? [] : [{ key, value: newValue }],
    );
    this.#tell({ kind: 'snapshot', entries, follower: this });
  }

  #tellResynced(changes: readonly Change[]): void {
    for (const change of changes) this.#tellChange(change, true);
    this.#tell({
      kind: 'resynced',
      changes: changes.filter((change) => this.#isWanted(change)).length,
      follower: this,
    });
  }

  #tellChange(change: Change, synthetic: boolean): void {
    if (!this.#isWanted(change) || this.#state.name === 'ended') return;
    if (this.#listener !== undefined)
      return callListener(this.#listener, this.#notification(change, synthetic));
    this.#queue.pushChange(change, synthetic);
    this.#reader.wake();
  }

  #tell(event: Landmark): void {
    if (this.#state.name === 'ended') return;
    if (this.#listener !== undefined) return callListener(this.#listener, event);
    this.#queue.pushLandmark(event);
    this.#reader.wake();
  }

  #isWanted(change: Change): boolean {
    return this.events.includes(changeOf(change));
  }

  #next(): CmapFollowEvent | undefined {
    for (;;) {
      const queued = this.#queue.shift();
      if (queued === undefined) return undefined;
      // A reader that catches up is compared with the map, which may show a change that it did not ask for.
      if (queued.kind !== 'change' || this.#isWanted(queued.change)) return this.#eventOf(queued);
    }
  }

  #eventOf(queued: Queued): CmapFollowEvent {
    if (queued.kind === 'overflow') return { kind: 'overflow', dropped: queued.dropped, follower: this };
    if (queued.kind === 'landmark') return this.#landmarkOf(queued.event);
    if (queued.synthetic) this.#syntheticRead += 1;
    return this.#notification(queued.change, queued.synthetic);
  }

  /** What a reader that lags was given in the end is another number than what was found. */
  #landmarkOf(event: Landmark): CmapFollowEvent {
    const changes = this.#syntheticRead;
    this.#syntheticRead = 0;
    return event.kind === 'resynced' ? { ...event, changes } : event;
  }

  #notification(change: Change, synthetic: boolean): CmapFollowNotification {
    return { kind: 'notification', change: changeOf(change), ...change, synthetic, follower: this };
  }

  #misused(code: 'CS_ERR_INVALID_PARAM' | 'CS_ERR_BUSY', detail: string): CsError {
    return new CsError(code, { operation: 'follow', key: this.key, detail: `this follower ${detail}` });
  }
}
