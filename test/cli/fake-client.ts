import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CliClient } from '../../src/cli/command.ts';
import type { CmapctlClient } from '../../src/cli/cmapctl/environment.ts';
import {
  type CmapTracker,
  CsError,
  type CmapEntry,
  type CmapKeyInfo,
  type CmapTrackEvent,
  type CmapValue,
  type ConnectionError,
  type CmapTrackOptions,
} from '../../src/index.ts';

/** Stands for a tracker where nothing is asked of it. */
export const FAKE_TRACKER = { key: 'k' } as CmapTracker;

/** A map in memory that behaves as corosync's does, as far as the command line tools can tell. */
export class FakeClient {
  readonly values = new Map<string, CmapValue>();
  /** What was called, in the order of the calls: "set a.b", "delete a.b". */
  readonly calls: string[] = [];
  readonly readOnly = new Set<string>();
  readonly tracked: string[] = [];
  readonly bufferSize = 1_048_576;
  transport: 'shared-memory' | 'socket' = 'shared-memory';
  closed = false;
  #endTrackers: (error: ConnectionError | undefined) => void = () => undefined;
  readonly #closed = new Promise<ConnectionError | undefined>((resolve) => (this.#endTrackers = resolve));
  #listeners: ((event: CmapTrackEvent) => void)[] = [];
  /** Calls wait for those before them, and each takes a turn of the event loop. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(entries: Readonly<Record<string, CmapValue>> = {}) {
    for (const [key, value] of Object.entries(entries)) this.values.set(key, value);
  }

  asCmapctl(): CmapctlClient {
    return this;
  }

  asCli(): CliClient {
    return this as unknown as CliClient;
  }

  get(key: string): Promise<CmapValue> {
    return this.#inTurn('get', key, () => this.#existing('cmap_get', key));
  }

  set(key: string, value: CmapValue): Promise<void> {
    return this.#inTurn('set', key, () => {
      this.#checkWritable('cmap_set', key);
      this.values.set(key, value);
    });
  }

  delete(key: string): Promise<void> {
    return this.#inTurn('delete', key, () => {
      this.#checkWritable('cmap_delete', key);
      this.#existing('cmap_delete', key);
      this.values.delete(key);
    });
  }

  adjust(key: string, step: number): Promise<void> {
    return this.#inTurn('adjust', key, () => {
      const value = this.#existing('cmap_adjust_int', key);
      if (value.type !== 'uint32')
        throw new CsError('CS_ERR_INVALID_PARAM', { operation: 'cmap_adjust_int', key });
      this.values.set(key, { type: 'uint32', value: value.value + step });
    });
  }

  async *keys(prefix = ''): AsyncGenerator<CmapKeyInfo, void> {
    for await (const { key, value } of this.entries(prefix)) yield { key, type: value.type, valueLength: 0 };
  }

  async *entries(prefix = ''): AsyncGenerator<CmapEntry, void> {
    if (prefix.length > 255)
      throw new CsError('CS_ERR_NAME_TOO_LONG', { operation: 'cmap_iter_init', key: prefix });
    await this.#last;
    for (const key of [...this.values.keys()].filter((name) => name.startsWith(prefix)).sort()) {
      const value = this.values.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  track(key: string, { prefix = false, listener }: CmapTrackOptions = {}): Promise<CmapTracker> {
    this.tracked.push(`${key}${prefix ? '*' : ''}`);
    if (listener !== undefined) this.#listeners.push(listener);
    return Promise.resolve(FAKE_TRACKER);
  }

  notify(
    event: Omit<Extract<CmapTrackEvent, { kind: 'notification' }>, 'kind' | 'tracker' | 'coalesced'>,
  ): void {
    for (const listener of this.#listeners) {
      listener({ kind: 'notification', tracker: FAKE_TRACKER, coalesced: 0, ...event });
    }
  }

  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#closed;
  }

  lose(error: ConnectionError): void {
    this.#endTrackers(error);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #inTurn<T>(name: string, key: string, act: () => T): Promise<T> {
    this.calls.push(`${name} ${key}`);
    const before = this.#last;
    const result = before.then(() => nextTurn()).then(act);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #existing(operation: string, key: string): CmapValue {
    const value = this.values.get(key);
    if (value === undefined) throw new CsError('CS_ERR_NOT_EXIST', { operation, key });
    return value;
  }

  #checkWritable(operation: string, key: string): void {
    if (this.readOnly.has(key)) throw new CsError('CS_ERR_ACCESS', { operation, key });
  }
}
