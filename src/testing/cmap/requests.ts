import { CMAP_REQUEST_ID } from '../../codec/cmap/ids.ts';
import { MessageReader } from '../../codec/message-reader.ts';
import type { RequestName } from '../faults/request-names.ts';
import type { ServedService } from '../server/service.ts';

/** The requests of cmap by name. */
export type CmapRequestName = keyof typeof CMAP_REQUEST_ID;

const REQUEST_NAMES = Object.keys(CMAP_REQUEST_ID) as readonly CmapRequestName[];
const NAMES = new Map<number, CmapRequestName>(REQUEST_NAMES.map((name) => [CMAP_REQUEST_ID[name], name]));
const WITHOUT_KEY: readonly RequestName[] = ['iterNext', 'iterFinalize', 'trackDelete', 'setCurrentMap'];
/** The largest of the structs, that of set and track_add. */
const LARGEST_STRUCT = 296;
const NAME_OFFSET = 16;
const NAME_FIELD = 256;

/**
 * A request as corosync's handlers see it: a struct in a ring, read without a look at how much was sent. What the client
 * has not sent reads as zeros here, and as what was in the ring there.
 */
export class RequestReader {
  readonly id: number;
  readonly bytes: Buffer;
  readonly #reader: MessageReader;
  readonly #reread: () => Buffer;

  /** @param reread what stands in the request's place at any later time */
  constructor(bytes: Buffer, reread: () => Buffer = () => bytes) {
    this.#reread = reread;
    this.bytes =
      bytes.length < LARGEST_STRUCT
        ? Buffer.concat([bytes, Buffer.alloc(LARGEST_STRUCT - bytes.length)])
        : bytes;
    this.#reader = new MessageReader(this.bytes);
    this.id = this.#reader.i32(0);
  }

  get name(): CmapRequestName | undefined {
    return NAMES.get(this.id);
  }

  /** What the header states. */
  get size(): number {
    return this.#reader.i32(8);
  }

  /** The key or prefix, read as a C string, of requests that have one. */
  get key(): string | undefined {
    return this.name !== undefined && hasKey(this.name) ? this.keyText : undefined;
  }

  get keyText(): string {
    const length = this.#reader.lengthToNul(NAME_OFFSET + 8, NAME_FIELD);
    return this.#reader.latin1(NAME_OFFSET + 8, length);
  }

  /** The key as it stands in the request's place when it is asked for. */
  readonly keyTextLater = (): string => new RequestReader(this.#reread()).keyText;

  /** The length that the client states for the key: 0 means none, whatever stands behind it. */
  get keyLength(): number {
    return this.#reader.u16(NAME_OFFSET);
  }

  i32(offset: number): number {
    return this.#reader.i32(offset);
  }

  u8(offset: number): number {
    return this.#reader.u8(offset);
  }

  u64(offset: number): bigint {
    return this.#reader.u64(offset);
  }
}

/** Whether requests of this kind carry a key or a prefix. */
export function hasKey(request: RequestName): boolean {
  return Object.hasOwn(CMAP_REQUEST_ID, request) && !WITHOUT_KEY.includes(request);
}

/** What the messages of cmap are about. */
export const cmapSubjects: Pick<ServedService, 'subjectOf' | 'eventSubject'> = {
  subjectOf: (request) => {
    const { name, key } = new RequestReader(request);
    return { request: name, key };
  },
  eventSubject: (event) => ({ key: eventKey(event) }),
};

/** The key of a notification. */
function eventKey(event: Buffer): string | undefined {
  if (event.length < 296) return undefined;
  const reader = new MessageReader(event);
  return reader.latin1(40, reader.lengthToNul(40, NAME_FIELD));
}
