import { setTimeout as sleep } from 'node:timers/promises';
import type { CmapFollower, CmapValue, CmapFollowEvent, CmapFollowNotification } from '../../src/index.ts';
import { sameValue } from '../../src/cmap/following/same-value.ts';

const PATIENCE_MS = 30_000;

/** What a reader of a follower makes of its events: a picture of its own, and every way in which they do not fit together. */
export class FollowReader {
  readonly follower: CmapFollower;
  readonly values = new Map<string, CmapValue>();
  readonly events: CmapFollowEvent[] = [];
  readonly problems: string[] = [];
  readonly overflows: number[] = [];
  snapshots = 0;
  error: unknown;
  readonly done: Promise<void>;
  #lost = false;
  #resume: () => void = () => undefined;

  constructor(follower: CmapFollower, { paused = false } = {}) {
    this.follower = follower;
    const started = paused ? new Promise<void>((resolve) => (this.#resume = resolve)) : Promise.resolve();
    this.done = started.then(() => this.#read()).catch((error: unknown) => void (this.error = error));
  }

  resume(): void {
    this.#resume();
  }

  snapshotRead(): Promise<void> {
    return this.until(() => this.snapshots > 0);
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`after ${this.events.length} events still not`);
      await sleep(1);
    }
  }

  get notifications(): CmapFollowNotification[] {
    return this.events.filter((event) => event.kind === 'notification');
  }

  /** For each key, the snapshot's number and all that were told after it. */
  numbersAfterSnapshot(): Map<string, number[]> {
    const numbers = new Map<string, number[]>();
    const note = (key: string, value: CmapValue | undefined): void =>
      void numbers.set(key, [...(numbers.get(key) ?? []), Number(value?.value)]);
    for (const event of this.events) {
      if (event.kind === 'snapshot') for (const { key, value } of event.entries) note(key, value);
      if (event.kind === 'notification') note(event.key, event.newValue);
    }
    return numbers;
  }

  async #read(): Promise<void> {
    for await (const event of this.follower) {
      this.events.push(event);
      this.#take(event);
    }
  }

  #take(event: CmapFollowEvent): void {
    switch (event.kind) {
      case 'snapshot':
        this.snapshots += 1;
        if (this.events.length !== 1) this.problems.push('the snapshot is not the first event');
        for (const { key, value } of event.entries) this.values.set(key, value);
        return;
      case 'notification':
        return this.#change(event);
      case 'overflow':
        return void this.overflows.push(event.dropped);
      case 'lost':
        if (this.#lost) this.problems.push('lost twice');
        this.#lost = true;
        return;
      case 'resynced':
        if (!this.#lost) this.problems.push('resynced without being lost');
        this.#lost = false;
    }
  }

  #change({ change: event, key, oldValue, newValue, synthetic }: CmapFollowNotification): void {
    const known = this.values.get(key);
    const name = `${event} of ${key}${synthetic ? ' (synthetic)' : ''}`;
    if (!sameValue(known, oldValue))
      this.problems.push(`${name}: from ${show(oldValue)}, not ${show(known)}`);
    if (sameValue(known, newValue)) this.problems.push(`${name}: is no change from ${show(known)}`);
    const expected = newValue === undefined ? 'delete' : oldValue === undefined ? 'add' : 'modify';
    if (event !== expected) this.problems.push(`${name}: should be ${expected}`);
    if (this.#lost && !synthetic) this.problems.push(`${name}: told by nobody, corosync is lost`);
    if (newValue === undefined) this.values.delete(key);
    else this.values.set(key, newValue);
  }
}

function show(value: CmapValue | undefined): string {
  return value === undefined ? 'nothing' : `${value.type} ${String(value.value).slice(0, 40)}`;
}
