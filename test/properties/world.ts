import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { CmapClient, CmapConnectOptions } from '../../src/index.ts';
import { CMAP_TYPES } from '../helpers/corosync/c-peer.ts';
import { wireOf } from '../helpers/integration/integration-values.ts';
import { ROOT, type Step } from './commands.ts';
import { Connection, SENTINEL } from './connection.ts';
import { apply, show, sortedKeys, type Change, type MapModel } from './model.ts';
import { changeOf, type Reader } from './reader.ts';
import { resolve } from './resolve.ts';
import { TrackerModel } from './tracker-model.ts';

/** The corosync, real or fake, that is tested. */
export interface Target {
  connect(options?: CmapConnectOptions): Promise<CmapClient>;
  /** As SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** What the server holds for its clients, all together, where one can look. */
  holds?(): { readonly trackers: number; readonly iterators: number };
}

/** Longer than the time limits of calls that are to run out. */
const STALL_MS = 3;
/** Of each connection. */
const SENTINEL_TRACKERS = 1;

type CallsStep = Extract<Step, { step: 'calls' }>;

interface Tracked {
  readonly connection: Connection;
  readonly reader: Reader;
  readonly model: TrackerModel;
}

/**
 * Takes steps with real clients and with the model, and compares. One more connection, the witness, is told of all
 * changes: it decides what became of calls that were given up.
 */
class World implements AsyncDisposable {
  readonly #target: Target;
  readonly #witness: Connection;
  readonly #connections: Connection[] = [];
  readonly #tracked: Tracked[] = [];
  #witnessed: Change[] = [];
  #sentinel = 0;
  #map: MapModel = new Map();

  private constructor(target: Target, witness: Connection) {
    this.#target = target;
    this.#witness = witness;
  }

  static async create(target: Target): Promise<World> {
    const witness = await Connection.open(await target.connect());
    const world = new World(target, witness);
    await witness.client.delete(SENTINEL).catch(() => undefined);
    await witness.client.track(ROOT, {
      prefix: true,
      listener: (event) => {
        if (event.kind === 'notification') world.#witnessed.push(changeOf(event));
      },
    });
    return world;
  }

  /** Removes all keys and connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { client } = this.#witness;
    for (const { key } of await collectKeys(client)) await client.delete(key);
    await Promise.all([this.#witness, ...this.#connections].map((connection) => connection.client.close()));
  }

  async take(step: Step): Promise<void> {
    await this.#take(step);
    this.#checkHeld();
  }

  /** Whatever was given up, deleted or left has been given back to the server. */
  #checkHeld(): void {
    const held = this.#target.holds?.();
    if (held === undefined) return;
    const own = 1 + SENTINEL_TRACKERS * (1 + this.#connections.length);
    expect(held).toEqual({ trackers: this.#tracked.length + own, iterators: 0 });
  }

  async #take(step: Step): Promise<void> {
    switch (step.step) {
      case 'connect':
        this.#connections.push(await this.#open({ bufferSize: step.bufferSize }));
        return;
      case 'calls':
        return this.#calls(step);
      case 'iterate':
        return this.#iterate(step);
      case 'iterate while it changes':
        return this.#iterateWhileItChanges(step);
      case 'delete tracker':
        return this.#deleteTracker(step.tracker);
      case 'read':
        return this.#read(step.tracker, step.count);
    }
  }

  async #open(options?: CmapConnectOptions): Promise<Connection> {
    return Connection.open(await this.#target.connect(options));
  }

  /** There is always one. */
  async #connection(index: number): Promise<Connection> {
    const found = this.#connections[index % Math.max(this.#connections.length, 1)];
    if (found !== undefined) return found;
    const opened = await this.#open({ bufferSize: 65_536 });
    this.#connections.push(opened);
    return opened;
  }

  async #calls(step: CallsStep): Promise<void> {
    const connection = await this.#connection(step.on);
    const { outcomes, trackers } = await this.#perform(connection, step);
    const ended = step.then === 'close' ? 'closed' : step.then === 'destroy' ? 'destroyed' : undefined;
    if (ended !== undefined) this.#connections.splice(this.#connections.indexOf(connection), 1);
    await this.#quiet();
    const { map, changes } = resolve(this.#map, step.calls, outcomes, this.#witnessed);
    this.#witnessed = [];
    this.#map = map;
    for (const [at, change] of changes.entries()) {
      const added = trackers.find((tracker) => tracker.at === at)?.reader;
      if (added !== undefined)
        this.#tracked.push({ connection, reader: added, model: new TrackerModel(added.call) });
      if (change !== undefined) this.#tell(change);
    }
    if (ended !== undefined) await this.#end(connection, ended);
    this.#compareTrackers();
  }

  async #perform(connection: Connection, step: CallsStep): ReturnType<Connection['perform']> {
    if (!step.stalled) return connection.perform(step.calls, step);
    this.#target.pause();
    return connection.perform(step.calls, step, async () => {
      await sleep(STALL_MS);
      this.#target.resume();
    });
  }

  #tell(change: Change): void {
    for (const { model } of this.#tracked) if (model.wants(change)) model.push(change);
  }

  /** Everything that was asked for is done, and every notification of it is here. */
  async #quiet(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.handleAll()));
    this.#sentinel += 1;
    await this.#witness.client.setUint32(SENTINEL, this.#sentinel);
    const all = [this.#witness, ...this.#connections];
    await Promise.all(all.map((connection) => connection.hasSeen(this.#sentinel)));
  }

  /** Its trackers have been told of some first part of what they would have been told of. */
  async #end(connection: Connection, because: 'closed' | 'destroyed'): Promise<void> {
    expect(connection.client.closed).toBe(true);
    expect((await connection.client.whenClosed())?.code).toBe(
      because === 'closed' ? undefined : 'CS_ERR_LIBRARY',
    );
    await expect(connection.client.get(SENTINEL)).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
    for (const tracked of this.#tracked.filter((one) => one.connection === connection)) {
      const { reader, model } = tracked;
      this.#tracked.splice(this.#tracked.indexOf(tracked), 1);
      await reader.hasEnded(because);
      if (reader.call.reading.kind === 'lagging') continue;
      const got = reader.take();
      expect(got).toEqual(model.take(got.length));
    }
  }

  #compareTrackers(): void {
    for (const { reader, model } of this.#tracked) {
      if (reader.call.reading.kind === 'lagging') continue;
      expect({ tracker: reader.call, events: reader.take() }).toEqual({
        tracker: reader.call,
        events: model.take(Infinity),
      });
    }
  }

  async #read(index: number, count: number): Promise<void> {
    const lagging = this.#tracked.filter(({ reader }) => reader.call.reading.kind === 'lagging');
    const tracked = lagging[index % Math.max(lagging.length, 1)];
    if (tracked === undefined) return;
    const { reader, model } = tracked;
    await reader.read(Math.min(count, model.unread));
    expect(reader.take()).toEqual(model.take(count));
  }

  async #deleteTracker(index: number): Promise<void> {
    const [tracked] = this.#tracked.splice(index % Math.max(this.#tracked.length, 1), 1);
    if (tracked === undefined) return;
    await tracked.reader.tracker.close();
    await tracked.reader.hasEnded('deleted');
    await tracked.reader.tracker.close();
  }

  async #iterate({ on, prefix, values, atMost }: Extract<Step, { step: 'iterate' }>): Promise<void> {
    const { client } = await this.#connection(on);
    const got = await collect(client, { prefix, values, atMost });
    const expected = sortedKeys(this.#map, prefix).slice(0, atMost);
    expect(got).toEqual(expected.map((key) => line(key, this.#map, values)));
  }

  /** Keys that nobody touches must be there, in order; those that change may be, with any value they had. */
  async #iterateWhileItChanges(step: Extract<Step, { step: 'iterate while it changes' }>): Promise<void> {
    const { client } = await this.#connection(step.on);
    const other = await this.#connection(step.on + 1);
    const maps = [this.#map];
    const change = async (): Promise<void> => {
      const { outcomes } = await other.perform(step.changes, { then: 'wait' });
      await this.#quiet();
      const { changes } = resolve(this.#map, step.changes, outcomes, this.#witnessed);
      this.#witnessed = [];
      for (const call of step.changes) maps.push((this.#map = apply(this.#map, call).map));
      for (const told of changes) if (told !== undefined) this.#tell(told);
    };
    const got = await collect(client, { ...step, atMost: Infinity, onCount: change });
    if (maps.length === 1) await change();
    const touched = new Set(step.changes.map(({ key }) => key));
    const keyOf = (text: string): string => text.split(' ', 1)[0] ?? '';
    expect(got.map(keyOf)).toEqual([...new Set(got.map(keyOf))].sort());
    for (const key of sortedKeys(this.#map, step.prefix).filter((one) => !touched.has(one)))
      expect(got).toContain(line(key, this.#map, step.values));
    for (const text of got) expect(maps.map((map) => line(keyOf(text), map, step.values))).toContain(text);
    this.#compareTrackers();
  }
}

interface Collecting {
  readonly prefix: string;
  readonly values: boolean;
  readonly atMost: number;
  readonly after?: number;
  readonly onCount?: () => Promise<void>;
}

async function collect(client: CmapClient, options: Collecting): Promise<string[]> {
  const { prefix, values, atMost, after, onCount } = options;
  const got: string[] = [];
  const items = values ? entryLines(client, prefix) : keyLines(client, prefix);
  for await (const item of items) {
    if (!item.startsWith(ROOT)) continue;
    if (got.length >= atMost) break;
    if (got.length === after) await onCount?.();
    got.push(item);
  }
  return got;
}

async function* keyLines(client: CmapClient, prefix: string): AsyncGenerator<string> {
  for await (const { key, type, valueLength } of client.keys(prefix)) {
    yield `${key} ${type === 'unknown' ? 0 : CMAP_TYPES[type]} ${valueLength}`;
  }
}

async function* entryLines(client: CmapClient, prefix: string): AsyncGenerator<string> {
  for await (const { key, value } of client.entries(prefix)) yield `${key} ${show(wireOf(value))}`;
}

/** What an iteration must show of a key. */
function line(key: string, map: MapModel, values: boolean): string {
  const value = map.get(key);
  if (value === undefined) return `${key} absent`;
  return values ? `${key} ${show(value)}` : `${key} ${value.type} ${value.bytes.length}`;
}

async function collectKeys(client: CmapClient): Promise<{ key: string }[]> {
  const found: { key: string }[] = [];
  for await (const info of client.keys(ROOT)) found.push(info);
  return found;
}

/** Takes all steps in a world of their own. */
export async function takeSteps(target: Target, steps: readonly Step[]): Promise<void> {
  await using world = await World.create(target);
  for (const step of steps) await world.take(step);
}
