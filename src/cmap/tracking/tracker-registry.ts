import {
  decodeNotification,
  decodeTrackInstHandle,
  LARGEST_NOTIFICATION,
  type NotificationMessage,
} from '../../codec/cmap/notification.ts';
import { GetRequest, MIN_ROOM } from '../../codec/cmap/get.ts';
import { CMAP_RESPONSE_ID } from '../../codec/cmap/ids.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import { decodeResponseHeader } from '../../codec/header.ts';
import { malformed } from '../../codec/malformed.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { ConnectionError } from '../../errors/index.ts';
import type { EventReceiver } from '../../service/index.ts';
import { noteChange, noteTracker } from '../guards/nested-set-guard.ts';
import type { TrackerDriver } from './tracker.ts';

interface Arrived {
  readonly driver: TrackerDriver;
  readonly message: NotificationMessage;
}

/** A key that every corosync has in icmap; in the stats map it is not there, which is as good an answer. */
const WAKE_KEY = 'totem.version';
const WAKING = {
  wake: () => new GetRequest(WAKE_KEY, MIN_ROOM),
  largestEvent: LARGEST_NOTIFICATION,
};

/** Knows which tracker each notification is for, by the instance handle that we gave corosync with the request. */
export class TrackerRegistry implements EventReceiver<Arrived> {
  readonly waking = WAKING;
  readonly #drivers = new Map<bigint, TrackerDriver>();
  readonly #notes = new Map<bigint, () => void>();
  readonly #server: string;
  readonly #map: CmapMap;

  /** @param server names the corosync at the other end, for what concerns all connections of this process to it */
  constructor(server: string, map: CmapMap) {
    this.#server = server;
    this.#map = map;
  }

  /**
   * Random: never used again, so that a late notification cannot reach a later tracker, and known to nobody but corosync. On
   * a datagram socket, which any local user can write to, that is what tells a notification from a forged one.
   */
  newInstHandle(): bigint {
    return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
  }

  /** @throws CsError CS_ERR_BUSY: a change is under way that the tracker would make corosync crash at. */
  add(trackInstHandle: bigint, driver: TrackerDriver, key: string, isPrefix: boolean): void {
    if (this.#map === 'icmap') {
      this.#notes.set(trackInstHandle, noteTracker(this.#server, key, isPrefix));
    }
    this.#drivers.set(trackInstHandle, driver);
  }

  /**
   * For a change that is about to be made: what to call when nothing can come of it any more, if that matters.
   * @throws CsError CS_ERR_BUSY: corosync would crash at it.
   */
  noteChange(operation: string, key: string): (() => void) | undefined {
    return this.#map === 'icmap' ? noteChange(operation, this.#server, key) : undefined;
  }

  /** From now on its notifications are dropped; corosync may still have the tracker. */
  silence(trackInstHandle: bigint): void {
    this.#drivers.delete(trackInstHandle);
  }

  /** corosync does not have the tracker any more. */
  remove(trackInstHandle: bigint): void {
    this.silence(trackInstHandle);
    this.#notes.get(trackInstHandle)?.();
    this.#notes.delete(trackInstHandle);
  }

  /** corosync does not take back what it had sent when a tracker was deleted: such notifications are dropped here. */
  decode(event: MessageReader): Arrived | undefined {
    const { id } = decodeResponseHeader(event);
    if (id !== CMAP_RESPONSE_ID.notifyCallback) throw malformed(`event ${id} is no cmap notification`);
    const driver = this.#drivers.get(decodeTrackInstHandle(event));
    return driver === undefined ? undefined : { driver, message: decodeNotification(event) };
  }

  /** A listener may have deleted the tracker meanwhile, whose driver then takes no more. */
  deliver({ driver, message }: Arrived): void {
    driver.deliver(message);
  }

  ended(error: ConnectionError | undefined): void {
    const drivers = [...this.#drivers.values()];
    this.#drivers.clear();
    for (const forget of this.#notes.values()) forget();
    this.#notes.clear();
    for (const driver of drivers) driver.end(error);
  }
}
