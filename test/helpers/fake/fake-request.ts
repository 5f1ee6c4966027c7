import { malformed } from '../../../src/codec/malformed.ts';
import type { MessageReader } from '../../../src/codec/message-reader.ts';
import type { MessageWriter } from '../../../src/codec/message-writer.ts';
import type {
  MessageTail,
  RequestMessage,
  SendWindow,
  TurnKind,
  UnansweredMessage,
} from '../../../src/codec/message.ts';
import { CS_ERROR_CODES } from '../../../src/errors/index.ts';
import type { Reply } from '../../../src/testing/server/service.ts';

const FAKE_ID = 77;
/** Of requests that are answered later, or never. */
const REQUEST_IDS = { now: FAKE_ID, later: 177, never: 277 } as const;
const REQUEST_FIXED_SIZE = 28;
const RESPONSE_HEADER_SIZE = 24;

export interface FakeRequestOptions {
  readonly size?: number;
  /** Of the answer that the server is to give. */
  readonly responseSize?: number;
  readonly maxResponseSize?: number;
  /** The cs_error_t that the server is to answer with. */
  readonly error?: number;
  readonly changes?: boolean;
  readonly answer?: 'now' | 'later';
  readonly holdsConnection?: boolean;
  readonly turn?: TurnKind;
  readonly rests?: bigint;
  readonly ends?: bigint;
}

/**
 * A request that carries its own answer, of any size, filled with a pattern so that a byte from the wrong place is seen:
 * 16 u32 number, 20 u32 response size, 24 u32 error, 28 pattern. It resolves with its number.
 */
export class FakeRequest implements RequestMessage<number> {
  readonly operation = 'fake';
  readonly requestId: number;
  readonly key: string;
  readonly responseId = FAKE_ID;
  readonly size: number;
  readonly maxResponseSize: number;
  readonly number: number;
  readonly changes: boolean;
  readonly answer: 'now' | 'later';
  readonly holdsConnection: boolean;
  readonly turn?: TurnKind;
  readonly rests?: bigint;
  readonly ends?: bigint;
  readonly #responseSize: number;
  readonly #error: number;

  constructor(number: number, options: FakeRequestOptions = {}) {
    this.number = number;
    this.changes = options.changes === true;
    this.answer = options.answer ?? 'now';
    this.requestId = REQUEST_IDS[this.answer];
    this.holdsConnection = options.holdsConnection === true;
    if (options.turn !== undefined) this.turn = options.turn;
    if (options.rests !== undefined) this.rests = options.rests;
    if (options.ends !== undefined) this.ends = options.ends;
    this.key = `request ${number}`;
    this.size = options.size ?? 32;
    this.#responseSize = options.responseSize ?? 32;
    this.maxResponseSize = options.maxResponseSize ?? Math.max(this.#responseSize, RESPONSE_HEADER_SIZE);
    this.#error = options.error ?? CS_ERROR_CODES.CS_OK;
  }

  encode(into: MessageWriter): void {
    encode(into, this, this.#responseSize, this.#error);
  }

  decode(response: MessageReader): number {
    if (response.length !== this.#responseSize) throw malformed(`answer of ${response.length} bytes`);
    for (let i = RESPONSE_HEADER_SIZE; i < response.length; i++) {
      if (response.u8(i) !== pattern(this.number, i)) throw malformed(`byte ${i} belongs to another answer`);
    }
    return this.number;
  }
}

/** A request that is never answered. */
export class FakeUnanswered implements UnansweredMessage {
  readonly answer = 'never';
  readonly operation = 'fake_send';
  readonly requestId = REQUEST_IDS.never;
  readonly key: string;
  readonly size: number;
  readonly number: number;
  readonly changes = true;
  readonly window?: SendWindow;
  readonly fillsRing?: boolean;
  /** Numbered from 1,000,000 on. */
  readonly barrier: FakeRequest;

  constructor(
    number: number,
    size = 32,
    { window, fillsRing }: { readonly window?: SendWindow; readonly fillsRing?: boolean } = {},
  ) {
    if (window !== undefined) this.window = window;
    if (fillsRing !== undefined) this.fillsRing = fillsRing;
    this.number = number;
    this.key = `request ${number}`;
    this.size = size;
    this.barrier = new FakeRequest(1_000_000 + number, { size: 32 });
  }

  encode(into: MessageWriter): void {
    encode(into, this, 0, CS_ERROR_CODES.CS_OK);
  }
}

/** The same with an end that need not be copied. */
export class FakeWithTail extends FakeUnanswered {
  tail: MessageTail;

  constructor(number: number, length: number) {
    super(number, REQUEST_FIXED_SIZE + length, { fillsRing: true });
    this.tail = this.#tailOf(length);
  }

  /** As if the memory behind its end had been resized. */
  withTailOf(length: number): this {
    this.tail = this.#tailOf(length);
    return this;
  }

  #tailOf(length: number): MessageTail {
    const bytes = Uint8Array.from({ length }, (_, i) => pattern(this.number, REQUEST_FIXED_SIZE + i));
    return {
      bytes,
      headSize: REQUEST_FIXED_SIZE,
      encodeHead: (into) => encodeHead(into, this, 0, CS_ERROR_CODES.CS_OK),
    };
  }
}

interface Encodable {
  readonly answer: 'now' | 'later' | 'never';
  readonly size: number;
  readonly number: number;
}

function encode(into: MessageWriter, message: Encodable, responseSize: number, error: number): void {
  encodeHead(into, message, responseSize, error);
  const { size, number } = message;
  for (let i = REQUEST_FIXED_SIZE; i < size; i++) into.u8(i, pattern(number, i));
}

function encodeHead(
  into: MessageWriter,
  { answer, size, number }: Encodable,
  responseSize: number,
  error: number,
): void {
  into.i32(0, REQUEST_IDS[answer]);
  into.i32(8, size);
  into.u32(16, number);
  into.u32(20, responseSize);
  into.u32(24, error);
}

/** What a server that understands these requests does at once; `answerFake` is what it answers later, too. */
export function replyFake(request: Buffer): Reply {
  const id = request.readInt32LE(0);
  if (id === REQUEST_IDS.later) return 'later';
  return id === REQUEST_IDS.never ? 'never' : answerFake(request);
}

/** What a server that understands FakeRequest answers. */
export function answerFake(request: Buffer): Buffer {
  const [number, size, error] = [
    request.readUInt32LE(16),
    request.readUInt32LE(20),
    request.readUInt32LE(24),
  ];
  for (let i = REQUEST_FIXED_SIZE; i < request.length; i++) {
    if (request[i] !== pattern(number, i)) throw new Error(`byte ${i} of request ${number} is damaged`);
  }
  const response = responseHeader(FAKE_ID, size, error);
  for (let i = RESPONSE_HEADER_SIZE; i < size; i++) response[i] = pattern(number, i);
  return response;
}

/** A response of `size` bytes, all zero behind its header. */
export function responseHeader(id: number, size: number, error: number): Buffer {
  const response = Buffer.alloc(size);
  response.writeInt32LE(id, 0);
  response.writeInt32LE(size, 8);
  response.writeInt32LE(error, 16);
  return response;
}

export const numberOf = (request: Buffer): number => request.readUInt32LE(16);

function pattern(number: number, at: number): number {
  return (number * 31 + at * 7 + 1) & 0xff;
}
