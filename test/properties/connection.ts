import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { CmapClient, ConnectionError, CsError, type CallOptions, type CmapValue } from '../../src/index.ts';
import { wireOf } from '../helpers/integration/integration-values.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import type { Call, Then, When } from './commands.ts';
import { show } from './model.ts';
import { GAVE_UP } from './resolve.ts';
import { Reader } from './reader.ts';

/** A key that is set when everything before must have arrived: a connection hears of changes in order. */
export const SENTINEL = 'sentinel.key';
const REASON = new Error('changed my mind');

/** A tracker that a call has asked for, with the call's place in its turn. */
export interface NewTracker {
  readonly at: number;
  readonly reader: Reader;
}

/** One of our clients, and what it has seen of the sentinel. */
export class Connection {
  readonly client: CmapClient;
  #seen = 0;

  private constructor(client: CmapClient) {
    this.client = client;
  }

  static async open(client: CmapClient): Promise<Connection> {
    const connection = new Connection(client);
    await client.track(SENTINEL, {
      listener: (event) => {
        if (event.kind === 'notification') connection.#seen = Number(event.newValue?.value);
      },
    });
    return connection;
  }

  /** When this resolves, everything that was asked for before has been done, if it ever will be. */
  async handleAll(): Promise<void> {
    await this.client.get('totem.version').catch(ignoreAbsence);
  }

  /** All notifications of what happened before are here. */
  async hasSeen(sentinel: number): Promise<void> {
    await waitUntil(`the sentinel ${sentinel}`, () => this.#seen >= sentinel, {
      timeoutMs: 30_000,
      everyMs: 0,
    });
  }

  /** Makes the calls in one turn, does what is to be done then, calls `onDone`, and waits for all outcomes. */
  async perform(
    calls: readonly Call[],
    then: Then,
    onDone: () => Promise<void> = () => Promise.resolve(),
  ): Promise<{ outcomes: readonly string[]; trackers: readonly NewTracker[] }> {
    const abort = new AbortController();
    const options: CallOptions = {
      ...(then.then === 'abort' ? { signal: abort.signal } : {}),
      ...(then.then === 'time out' ? { timeoutMs: then.timeoutMs } : {}),
    };
    const trackers: NewTracker[] = [];
    const outcomes = calls.map(async (call, at) => {
      try {
        const result = await this.#make(call, options, (reader) => trackers.push({ at, reader }));
        return result === undefined ? 'CS_OK' : show(wireOf(result));
      } catch (error) {
        return outcomeOf(error, then);
      }
    });
    if (then.then !== 'wait' && then.then !== 'time out') await pause(then.when);
    if (then.then === 'abort') abort.abort(REASON);
    const closed = then.then === 'close' ? this.client.close() : undefined;
    if (then.then === 'destroy') this.client.destroy();
    await onDone();
    await closed;
    return { outcomes: await Promise.all(outcomes), trackers };
  }

  async #make(
    call: Call,
    options: CallOptions,
    onTracker: (reader: Reader) => void,
  ): Promise<CmapValue | undefined> {
    const { client } = this;
    switch (call.call) {
      case 'set':
        await setValue(client, call, options);
        return undefined;
      case 'refused set':
        await client.set(call.key, call.value, options);
        return undefined;
      case 'get':
        return client.get(call.key, options);
      case 'typed get':
        return getTyped(client, call, options);
      case 'delete':
        await client.delete(call.key, options);
        return undefined;
      case 'adjust':
        await adjust(client, call, options);
        return undefined;
      case 'track':
        onTracker(await Reader.start(client, call, options));
        return undefined;
    }
  }
}

/** At once means: in the turn of the calls, before anything is sent. */
async function pause(when: When): Promise<void> {
  if (when === 'at once') return;
  if (when === 'microtask') await Promise.resolve();
  if (when === 'turn') await nextTurn();
  if (when === 'millisecond') await sleep(1);
}

function outcomeOf(error: unknown, { then }: Then): string {
  if (then === 'abort' && error === REASON) return GAVE_UP;
  if (!(error instanceof CsError)) throw error;
  if (then === 'time out' && error.code === 'CS_ERR_TIMEOUT') return GAVE_UP;
  if (then === 'destroy' && error instanceof ConnectionError) return GAVE_UP;
  return error.code;
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST')) throw error;
}

function adjust(
  client: CmapClient,
  { key, step }: Extract<Call, { call: 'adjust' }>,
  options: CallOptions,
): Promise<void> {
  if (step === 1) return client.increment(key, options);
  if (step === -1) return client.decrement(key, options);
  return client.adjust(key, step, options);
}

/** With the setter of its type where one can carry the value. */
function setValue(
  client: CmapClient,
  { key, value, typed }: Extract<Call, { call: 'set' }>,
  options: CallOptions,
): Promise<void> {
  if (!typed || (value.type === 'string' && value.bytes !== undefined))
    return client.set(key, value, options);
  switch (value.type) {
    case 'int8':
      return client.setInt8(key, value.value, options);
    case 'uint8':
      return client.setUint8(key, value.value, options);
    case 'int16':
      return client.setInt16(key, value.value, options);
    case 'uint16':
      return client.setUint16(key, value.value, options);
    case 'int32':
      return client.setInt32(key, value.value, options);
    case 'uint32':
      return client.setUint32(key, value.value, options);
    case 'int64':
      return client.setInt64(key, value.value, options);
    case 'uint64':
      return client.setUint64(key, value.value, options);
    case 'float':
      return client.setFloat(key, value.value, options);
    case 'double':
      return client.setDouble(key, value.value, options);
    case 'string':
      return client.setString(key, value.value, options);
    case 'binary':
      return client.setBinary(key, value.value, options);
  }
}

/** With the getter of its type. */
async function getTyped(
  client: CmapClient,
  { key, type }: Extract<Call, { call: 'typed get' }>,
  options: CallOptions,
): Promise<CmapValue> {
  switch (type) {
    case 'int8':
      return { type, value: await client.getInt8(key, options) };
    case 'uint8':
      return { type, value: await client.getUint8(key, options) };
    case 'int16':
      return { type, value: await client.getInt16(key, options) };
    case 'uint16':
      return { type, value: await client.getUint16(key, options) };
    case 'int32':
      return { type, value: await client.getInt32(key, options) };
    case 'uint32':
      return { type, value: await client.getUint32(key, options) };
    case 'int64':
      return { type, value: await client.getInt64(key, options) };
    case 'uint64':
      return { type, value: await client.getUint64(key, options) };
    case 'float':
      return { type, value: await client.getFloat(key, options) };
    case 'double':
      return { type, value: await client.getDouble(key, options) };
    case 'string':
      return { type, value: await client.getString(key, options) };
    case 'binary':
      return { type, value: await client.getBinary(key, options) };
  }
}
