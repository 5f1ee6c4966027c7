import {
  CmapClient,
  ConnectionError,
  CsError,
  type CmapEntry,
  type CmapKeyInfo,
  type CmapTrackEvent,
  type CmapValue,
  type CmapTrackOptions,
} from '../../src/index.ts';

interface FakeTracker {
  readonly key: string;
  readonly options: CmapTrackOptions;
}

/** Everything that a session uses of a CmapClient, on a map that outlives its connections; answers take a turn or more. */
export class FakeCmap {
  readonly map = new Map<string, CmapValue>();
  client: FakeConnection | undefined;
  /** What the next call of the client is to fail with. */
  failNext: Error | undefined;

  connect(): CmapClient {
    this.client = new FakeConnection(this);
    return this.client as unknown as CmapClient;
  }

  set(key: string, newValue: CmapValue | undefined): void {
    const oldValue = this.map.get(key);
    if (newValue === undefined) this.map.delete(key);
    else this.map.set(key, newValue);
    const event = newValue === undefined ? 'delete' : oldValue === undefined ? 'add' : 'modify';
    this.client?.notify({ change: event, key, newValue, oldValue });
  }

  takeFailure(): void {
    const error = this.failNext;
    this.failNext = undefined;
    if (error !== undefined) throw error;
  }
}

type Change = Pick<
  Extract<CmapTrackEvent, { kind: 'notification' }>,
  'change' | 'key' | 'newValue' | 'oldValue'
>;

export class FakeConnection {
  map: 'icmap' | 'stats' = 'icmap';
  readonly trackers = new Set<FakeTracker>();
  closed = false;
  readonly #cmap: FakeCmap;
  #whenClosed: (error: ConnectionError | undefined) => void = () => undefined;
  readonly #closing = new Promise<ConnectionError | undefined>((resolve) => (this.#whenClosed = resolve));

  constructor(cmap: FakeCmap) {
    this.#cmap = cmap;
  }

  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#closing;
  }

  /** corosync dies. */
  lose(): void {
    this.#end(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'lost' }));
  }

  destroy(cause?: Error): void {
    this.#end(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'destroyed', cause }));
  }

  close(): Promise<void> {
    this.#end(undefined);
    return Promise.resolve();
  }

  async track(key: string, options: CmapTrackOptions): Promise<{ close(): Promise<void> }> {
    const tracker = { key, options };
    await this.#answer(() => void this.trackers.add(tracker));
    return {
      // It goes out whatever becomes of its caller.
      close: () => {
        this.trackers.delete(tracker);
        return this.#answer(() => undefined);
      },
    };
  }

  get(key: string): Promise<CmapValue> {
    return this.#answer(() => {
      const value = this.#cmap.map.get(key);
      if (value === undefined) throw new CsError('CS_ERR_NOT_EXIST', { operation: 'cmap_get', key });
      return value;
    });
  }

  /** Notifications come at once here. */
  caughtUp(): Promise<void> {
    return this.#answer(() => undefined);
  }

  set(key: string, value: CmapValue): Promise<void> {
    return this.#answer(() => this.#cmap.set(key, value));
  }

  async *keys(prefix: string): AsyncGenerator<CmapKeyInfo, void> {
    for await (const { key, value } of this.entries(prefix)) yield { key, type: value.type, valueLength: 0 };
  }

  async *entries(prefix: string): AsyncGenerator<CmapEntry, void> {
    const keys = [...this.#cmap.map.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const value = await this.#answer(() => this.#cmap.map.get(key));
      if (value !== undefined) yield { key, value };
    }
  }

  notify(change: Change): void {
    for (const { key, options } of this.trackers) {
      const covered = options.prefix === true ? change.key.startsWith(key) : change.key === key;
      const event = { kind: 'notification', ...change, coalesced: 0 } as unknown as CmapTrackEvent;
      const wanted = options.events?.includes(change.change) ?? true;
      if (covered && wanted) options.listener?.(event);
    }
  }

  async #answer<T>(make: () => T): Promise<T> {
    for (let turns = 0; turns < 3; turns++) await Promise.resolve();
    if (this.closed) throw new ConnectionError('CS_ERR_BAD_HANDLE', { sent: 'no', operation: 'fake' });
    this.#cmap.takeFailure();
    return make();
  }

  #end(error: ConnectionError | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.trackers.clear();
    this.#whenClosed(error);
  }
}
