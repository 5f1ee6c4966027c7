import { CMAP_RESPONSE_ID } from '../../codec/cmap/ids.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import type { CsErrorName } from '../../errors/index.ts';
import type { CmapStore, StoreIterator, Untrack } from './cmap-store.ts';
import { Handles } from './handles.ts';
import { RequestReader, type CmapRequestName } from './requests.ts';
import * as responses from './responses.ts';
import { bareResponse } from '../service/response.ts';
import type { RequestContext, Service } from '../server/service.ts';

const MAPS: readonly CmapMap[] = ['icmap', 'stats'];
/** totempg refuses to reserve for messages of this size, whether they are to be sent or not. */
const SIZE_LIMIT = 1024 * 1024;
/** corosync cannot answer with more than a ring holds; it tries, and nothing arrives. */
const LARGEST_ROOM = 64 * 1024 * 1024;

export type CmapStores = Readonly<Record<CmapMap, CmapStore>>;

/** What a client has asked to be told of. */
export interface FakeTracker {
  /** The key or prefix that is tracked. */
  readonly key: string;
  /** Sum of CMAP_TRACK_*: 1 delete, 2 modify, 4 add, 8 prefix. */
  readonly trackType: number;
}

interface Tracker extends FakeTracker {
  readonly trackInstHandle: bigint;
  readonly untrack: Untrack;
}

/** corosync's cmap service towards one client: the handlers of exec/cmap.c, with their iterators and trackers. */
export class CmapService implements Service {
  readonly #stores: CmapStores;
  readonly #sendEvent: (event: Buffer) => void;
  readonly #onClose: () => void;
  readonly #iterators = new Handles<StoreIterator>();
  readonly #trackers = new Handles<Tracker>();
  #map: CmapMap = 'icmap';

  constructor(stores: CmapStores, sendEvent: (event: Buffer) => void, onClose: () => void) {
    this.#stores = stores;
    this.#sendEvent = sendEvent;
    this.#onClose = onClose;
  }

  get map(): CmapMap {
    return this.#map;
  }

  get trackers(): readonly FakeTracker[] {
    return this.#trackers.all();
  }

  get openIterators(): number {
    return this.#iterators.all().length;
  }

  /** Executes a request. undefined: corosync's answer would not fit any ring. */
  handle(bytes: Buffer, { reread }: Pick<RequestContext, 'reread'>): Buffer | undefined {
    const request = new RequestReader(bytes, reread);
    const { name, size } = request;
    if (name === undefined || size >= SIZE_LIMIT) return bareResponse(0, 'CS_ERR_INVALID_PARAM');
    return this.#handlers[name](request);
  }

  /** What corosync gives back when a client goes. */
  close(): void {
    for (const iterator of this.#iterators.all()) iterator.finalize();
    for (const { untrack } of this.#trackers.all()) untrack();
    this.#iterators.clear();
    this.#trackers.clear();
    this.#onClose();
  }

  get #store(): CmapStore {
    return this.#stores[this.#map];
  }

  readonly #handlers: Readonly<Record<CmapRequestName, (request: RequestReader) => Buffer | undefined>> = {
    set: (request) => {
      const value = {
        type: request.u8(288),
        bytes: request.bytes.subarray(296),
        length: Number(request.u64(280)),
      };
      const key = request.keyText;
      return bareResponse(
        CMAP_RESPONSE_ID.set,
        this.#change(key, () => this.#store.set(key, value)),
      );
    },
    delete: ({ keyText }) =>
      bareResponse(
        CMAP_RESPONSE_ID.delete,
        this.#change(keyText, () => this.#store.delete(keyText)),
      ),
    adjustInt: (request) => {
      const key = request.keyText;
      return bareResponse(
        CMAP_RESPONSE_ID.adjustInt,
        this.#change(key, () => this.#store.adjust(key, request.i32(280))),
      );
    },
    get: (request) => this.#get(request),
    iterInit: ({ keyLength, keyTextLater }) => {
      const handle = this.#iterators.add(this.#store.iterate(keyLength > 0 ? keyTextLater : undefined));
      return responses.handleResponse(CMAP_RESPONSE_ID.iterInit, 'CS_OK', handle);
    },
    iterNext: (request) => {
      const iterator = this.#iterators.get(request.u64(16));
      if (iterator === undefined) return responses.iterNextResponse('CS_ERR_BAD_HANDLE', undefined);
      const info = iterator.next();
      return responses.iterNextResponse(info === undefined ? 'CS_ERR_NO_SECTIONS' : 'CS_OK', info);
    },
    iterFinalize: (request) => {
      const iterator = this.#iterators.delete(request.u64(16));
      iterator?.finalize();
      return bareResponse(
        CMAP_RESPONSE_ID.iterFinalize,
        iterator === undefined ? 'CS_ERR_BAD_HANDLE' : 'CS_OK',
      );
    },
    trackAdd: (request) => this.#trackAdd(request),
    trackDelete: (request) => {
      const tracker = this.#trackers.delete(request.u64(16));
      tracker?.untrack();
      return responses.handleResponse(
        CMAP_RESPONSE_ID.trackDelete,
        tracker === undefined ? 'CS_ERR_BAD_HANDLE' : 'CS_OK',
        tracker?.trackInstHandle ?? 0n,
      );
    },
    setCurrentMap: (request) =>
      bareResponse(CMAP_RESPONSE_ID.setCurrentMap, this.#setCurrentMap(request.i32(16))),
  };

  #change(key: string, change: () => CsErrorName): CsErrorName {
    return this.#store.isReadOnly(key) ? 'CS_ERR_ACCESS' : change();
  }

  #get(request: RequestReader): Buffer | undefined {
    const room = Number(request.u64(280));
    const value = this.#store.get(request.keyText, room);
    if (typeof value === 'string') return responses.getFailedResponse(value);
    return room > LARGEST_ROOM ? undefined : responses.getResponse(room, value);
  }

  #trackAdd(request: RequestReader): Buffer {
    const key = request.keyLength > 0 ? request.keyText : undefined;
    const [trackType, trackInstHandle] = [request.i32(280), request.u64(288)];
    const untrack = this.#store.track(key, trackType, (event, changed, newValue, oldValue) =>
      this.#sendEvent(responses.notification({ trackInstHandle, key: changed, event, newValue, oldValue })),
    );
    if (typeof untrack === 'string') return responses.handleResponse(CMAP_RESPONSE_ID.trackAdd, untrack, 0n);
    const handle = this.#trackers.add({ key: key ?? '', trackType, trackInstHandle, untrack });
    return responses.handleResponse(CMAP_RESPONSE_ID.trackAdd, 'CS_OK', handle);
  }

  /** Not while iterators or trackers are open. */
  #setCurrentMap(number: number): CsErrorName {
    if (this.openIterators + this.trackers.length > 0) {
      this.#iterators.leak();
      this.#trackers.leak();
      return 'CS_ERR_BUSY';
    }
    const map = MAPS[number];
    if (map === undefined) return 'CS_ERR_NOT_EXIST';
    this.#map = map;
    return 'CS_OK';
  }
}
