import { describe, expect, it } from 'vitest';
import { decodeResponseHeader } from '../../src/codec/header.ts';
import type { MessageReader } from '../../src/codec/message-reader.ts';
import type { AnyMessage, RequestMessage } from '../../src/codec/message.ts';
import { readServiceGoldens, type GoldenService } from '../golden/service-goldens.ts';
import { encodeAmongDirt, readerAmongDirt } from '../helpers/memory/memory-stage.ts';
import { build, type MessageFields } from '../helpers/wire/message-builder.ts';
import { resHeaderOnly, type Message } from '../helpers/wire/message.ts';

export const malformed: unknown = expect.objectContaining({ code: 'CS_ERR_SECURITY' });
export const unencodable: unknown = expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM' });

/** A request of a golden exchange with its answer, if it has one. */
export interface GoldenCall {
  readonly name: string;
  readonly requestFields: MessageFields;
  readonly response: Buffer | undefined;
  readonly responseFields: MessageFields | undefined;
}

/** Every request of the golden exchanges but those of the named ones; answers come in the order of their requests. */
function goldenCalls(service: GoldenService, notOurs: Readonly<Record<string, string>>): GoldenCall[] {
  const { exchanges } = readServiceGoldens(service);
  const names = new Set(exchanges.map(({ name }) => name));
  for (const name of Object.keys(notOurs)) if (!names.has(name)) throw new Error(`there is no ${name}`);
  return exchanges
    .filter(({ name }) => !(name in notOurs))
    .flatMap(({ name, requests, responses }) =>
      requests.map(({ fields }, index) => {
        const answer = responses[index];
        const response = answer && Buffer.from(answer.bytes, 'hex');
        return { name, requestFields: fields, response, responseFields: answer?.fields };
      }),
    );
}

/** As the call ledger reads an answer: the value, or the error's number where nothing but the header is read. */
export function answered(
  request: RequestMessage<unknown>,
  response: Uint8Array,
): { error: number; value?: unknown } {
  const reader = readerAmongDirt(response);
  const { id, error } = decodeResponseHeader(reader);
  if (id !== request.responseId && (id !== 0 || error === 1))
    throw new Error(`${request.operation} is answered by ${id}`);
  if (error !== 1 && request.expectedErrors?.includes(error) !== true) return { error };
  return { error, value: request.decode(reader, error) };
}

export interface CallSuite {
  readonly service: GoldenService;
  /** Exchanges that this client never has, and why. */
  readonly notOurs: Readonly<Record<string, string>>;
  /** Our request for the call that the golden file describes. */
  readonly requestFor: (fields: MessageFields) => AnyMessage;
  /** The C functions that must be among the golden exchanges. */
  readonly operations: readonly string[];
  /** Those of them that may have had an effect if no answer comes: their errors say so. */
  readonly changing: readonly string[];
  /** Those of them whose answers are shorter when there is less to say. */
  readonly variable?: readonly string[];
  /** What the answer without an error says, in our terms. */
  readonly expectedAnswer: (fields: MessageFields) => unknown;
}

export function describeCalls(suite: CallSuite): void {
  const { service, requestFor, operations, variable = [] } = suite;
  const calls = goldenCalls(service, suite.notOurs);

  const answeredRequest = (fields: MessageFields): RequestMessage<unknown> => {
    const request = requestFor(fields);
    if (request.answer === 'never') throw new Error(`${request.operation} is not answered`);
    return request;
  };

  describe('requests', () => {
    it('of every kind are among the golden exchanges', () => {
      const found = new Set(calls.map(({ requestFields }) => requestFor(requestFields).operation));
      expect([...found].sort()).toEqual([...operations].sort());
    });

    it('say of themselves whether they may have had an effect though no answer came', () => {
      const requests = calls.map(({ requestFields }) => requestFor(requestFields));
      const changing = requests.filter(({ changes }) => changes === true).map(({ operation }) => operation);
      expect([...new Set(changing)].sort()).toEqual([...suite.changing].sort());
    });

    it.each(calls)('$name: as the independent builder makes it', ({ requestFields }) => {
      expect(encodeAmongDirt(requestFor(requestFields)).toString('hex')).toBe(build(requestFields).hex());
    });

    it.each(calls)('$name: has room for the answer that came, and no more', (call) => {
      const { response, responseFields } = call;
      if (response === undefined || !responseFields || !('error' in responseFields)) return;
      const { maxResponseSize, operation } = answeredRequest(call.requestFields);
      expect(maxResponseSize).toBeGreaterThanOrEqual(response.length);
      if (responseFields.error === 1 && !variable.includes(operation))
        expect(maxResponseSize).toBe(response.length);
    });
  });

  describe('responses', () => {
    const answers = calls.flatMap(({ response, responseFields, ...call }) =>
      response === undefined || responseFields === undefined ? [] : [{ ...call, response, responseFields }],
    );

    it.each(answers)('$name: decoded', ({ requestFields, response, responseFields }) => {
      const { error, value } = answered(answeredRequest(requestFields), response);
      expect(error).toBe('error' in responseFields ? responseFields.error : 1);
      if (error === 1) expect(value).toEqual(suite.expectedAnswer(responseFields));
      else expect(value).toBeUndefined();
    });

    it.each(answers)('$name: whatever is in the padding', ({ requestFields, responseFields }) => {
      const bytes = dirtied(build(responseFields));
      const { error, value } = answered(answeredRequest(requestFields), bytes);
      if (error === 1) expect(value).toEqual(suite.expectedAnswer(responseFields));
    });

    it('are refused where they say nothing but should', () => {
      for (const { requestFields, response } of answers) {
        const request = answeredRequest(requestFields);
        if (response.length === 24) continue;
        const bytes = resHeaderOnly({ id: request.responseId, error: 1 }).toBytes();
        expect(() => answered(request, bytes)).toThrow(malformed);
      }
    });
  });
}

export interface EventSuite<T, Sample extends string> {
  readonly service: GoldenService;
  readonly decode: (event: MessageReader) => T | undefined;
  /** The event that these fields stand for, in our terms. */
  readonly expected: (fields: MessageFields) => T;
  /** One of each kind, with several entries in every list. */
  readonly samples: Readonly<Record<Sample, Message>>;
  /** Where each list's length is: the sample's name and the offset in the C struct. */
  readonly counts: readonly (readonly [sample: Sample, offset: number])[];
  /** Ids that are no events. */
  readonly unknownIds: readonly number[];
}

export function describeEvents<T, Sample extends string>(suite: EventSuite<T, Sample>): void {
  const { service, expected, samples } = suite;
  const events = readServiceGoldens(service).exchanges.flatMap(({ name, events: parts }) =>
    parts.map(({ fields, bytes }) => ({ name, fields, bytes: Buffer.from(bytes, 'hex') })),
  );
  const decode = (bytes: Uint8Array): T | undefined => suite.decode(readerAmongDirt(bytes));
  const sample = (name: Sample): Buffer => samples[name].toBytes();
  const names = Object.keys(samples) as Sample[];

  it.each(events)('$name: decoded', ({ fields, bytes }) => {
    expect(decode(bytes)).toEqual(expected(fields));
  });

  it.each(events)('$name: whatever is in the padding', ({ fields }) => {
    expect(decode(dirtied(build(fields)))).toEqual(expected(fields));
  });

  it.each(suite.counts)('%s: a count at %d that is not what arrived is refused', (name, offset) => {
    const right = sample(name).readUInt32LE(offset);
    for (const count of [right - 1, right + 1, 1000, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0xffff_ffff]) {
      const bytes = sample(name);
      bytes.writeUInt32LE(count >>> 0, offset);
      expect(() => decode(bytes)).toThrow(malformed);
    }
  });

  it.each(names)('%s: is refused when it is cut off anywhere', (name) => {
    const whole = sample(name);
    for (let length = 0; length < whole.length; length++) {
      const bytes = Buffer.from(whole.subarray(0, length));
      if (length >= 12) bytes.writeInt32LE(length, 8);
      expect(() => decode(bytes)).toThrow(malformed);
    }
  });

  it.each(names)('%s: is refused when more arrives than it says', (name) => {
    const bytes = Buffer.concat([sample(name), Buffer.alloc(8)]);
    bytes.writeInt32LE(bytes.length, 8);
    expect(() => decode(bytes)).toThrow(malformed);
  });

  it.each(suite.unknownIds)('id %d is not known, which is no error', (id) => {
    expect(decode(resHeaderOnly({ id, error: 1 }).toBytes())).toBeUndefined();
  });
}

/** corosync does not clear its padding. */
function dirtied(message: Message): Buffer {
  const bytes = message.toBytes();
  for (const at of message.padding()) bytes[at] = 0xee;
  return bytes;
}
