import type { CmapNotification, CmapTracker, CmapTrackEvent } from '../../../src/index.ts';

/** The one reader of a tracker, for tests that read step by step. */
export class EventReader {
  readonly #iterator: AsyncIterator<CmapTrackEvent, undefined>;

  constructor(tracker: CmapTracker) {
    this.#iterator = tracker[Symbol.asyncIterator]() as AsyncIterator<CmapTrackEvent, undefined>;
  }

  /** The next event; undefined if the tracker has ended. */
  async next(): Promise<CmapTrackEvent | undefined> {
    const result = await this.#iterator.next();
    return result.done === true ? undefined : result.value;
  }

  async notification(): Promise<CmapNotification> {
    const event = await this.next();
    if (event?.kind !== 'notification') throw new Error(`no notification, but ${event?.kind ?? 'the end'}`);
    return event;
  }

  async notifications(count: number): Promise<CmapNotification[]> {
    const list: CmapNotification[] = [];
    while (list.length < count) list.push(await this.notification());
    return list;
  }
}
