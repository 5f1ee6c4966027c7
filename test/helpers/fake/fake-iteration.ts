import type { IterationCalls } from '../../../src/cmap/iteration/iterate.ts';
import type { ListSubmitOptions } from '../../../src/cmap/iteration/list-keys.ts';
import { ListSizes } from '../../../src/cmap/iteration/list-sizes.ts';
import {
  IterFinalizeRequest,
  IterInitRequest,
  IterNextRequest,
  type CmapKeyInfo,
} from '../../../src/codec/cmap/iterate.ts';
import { GetRequest } from '../../../src/codec/cmap/get.ts';
import { encodedValueLength, type CmapValue } from '../../../src/codec/cmap/value.ts';
import type { RequestMessage } from '../../../src/codec/message.ts';
import { CsError } from '../../../src/errors/index.ts';

const HANDLE = 99n;

/** Requests that go out together over either transport, with buffers of the usual size. */
export const [AS_DATAGRAMS, AS_RINGS] = [9, 3373];

/** A map behind an iterator, as corosync has it: what was called, in order, and hooks to spoil it. */
export class FakeIteration implements IterationCalls {
  readonly map: Map<string, CmapValue>;
  readonly log: string[] = [];
  signal: AbortSignal | undefined;
  readonly sizes = new ListSizes();
  mostTogether = AS_DATAGRAMS;
  /** Called before each call is answered: may throw, or change the map. */
  before: (call: string) => void = () => undefined;
  /** If set, answers wait until it resolves. */
  gate: Promise<void> = Promise.resolve();
  /** What the iteration wants to be done with a handle that comes too late. */
  onLateHandle: ((iterHandle: bigint) => void) | undefined;
  /** Keys that come twice. */
  repeat = new Set<string>();
  /** Whether the last key comes again and again. */
  endless = false;
  #keys: string[] = [];
  #at = 0;
  #prefix = '';

  constructor(entries: Iterable<readonly [string, CmapValue]>) {
    this.map = new Map(entries);
  }

  async submit<T>(message: RequestMessage<T>, options: ListSubmitOptions<T> = {}): Promise<T> {
    const call = nameOf(message);
    this.log.push(call);
    if (message instanceof IterInitRequest)
      this.onLateHandle = options.onAbandonedAnswer as typeof this.onLateHandle;
    await this.gate;
    this.before(call);
    // What a message decodes to is known by its class only.
    const answer = this.#answer(message) as T;
    options.onAnswer?.(answer);
    return answer;
  }

  async release(message: RequestMessage<void>): Promise<void> {
    this.log.push(nameOf(message));
    await this.gate;
    this.before(nameOf(message));
  }

  async getWhole(key: string): Promise<CmapValue> {
    this.log.push(`get ${key} whole`);
    await this.gate;
    this.before(`get ${key} whole`);
    return this.#value(key);
  }

  #answer(message: RequestMessage<unknown>): unknown {
    if (message instanceof IterInitRequest) {
      this.#prefix = message.key;
      this.#at = 0;
      this.#keys = [...this.map.keys()]
        .filter((key) => key.startsWith(this.#prefix))
        .sort()
        .flatMap((key) => (this.repeat.has(key) ? [key, key] : [key]));
      return HANDLE;
    }
    if (message instanceof IterNextRequest) return this.#next();
    if (message instanceof GetRequest) {
      const value = this.#value(message.key);
      return storedLength(value) + 40 > message.maxResponseSize ? undefined : value;
    }
    throw new Error(`unexpected ${message.operation}`);
  }

  #next(): CmapKeyInfo | undefined {
    if (this.endless) this.#at = Math.min(this.#at, this.#keys.length - 1);
    const key = this.#keys[this.#at++];
    if (key === undefined) return undefined;
    const value = this.map.get(key);
    if (value === undefined) return this.#next();
    return { key, type: value.type, valueLength: storedLength(value) };
  }

  #value(key: string): CmapValue {
    const value = this.map.get(key);
    if (value === undefined) throw new CsError('CS_ERR_NOT_EXIST', { operation: 'cmap_get', key });
    return value;
  }
}

function storedLength(value: CmapValue): number {
  return encodedValueLength(value) + (value.type === 'string' ? 1 : 0);
}

function nameOf(message: RequestMessage<unknown>): string {
  if (message instanceof IterInitRequest) return `init ${message.key}`;
  if (message instanceof IterNextRequest) return 'next';
  if (message instanceof IterFinalizeRequest) return 'finalize';
  return `get ${String(message.key)}`;
}
