import { decodeResponseHeader } from '../../src/codec/header.ts';
import type { RequestMessage } from '../../src/codec/message.ts';
import { readServiceGoldens, type GoldenPart, type GoldenService } from '../golden/service-goldens.ts';
import { readerAmongDirt } from '../helpers/memory/memory-stage.ts';
import type { MessageFields } from '../helpers/wire/message-builder.ts';

/** A request of a golden exchange with its answer, if it has one. */
export interface GoldenCall {
  readonly name: string;
  readonly requestFields: MessageFields;
  readonly response: Buffer | undefined;
  readonly responseFields: MessageFields | undefined;
}

/** Every request of the golden exchanges; answers come in the order of their requests. */
export function goldenCalls(service: GoldenService): GoldenCall[] {
  return readServiceGoldens(service).exchanges.flatMap(({ name, requests, responses }) =>
    requests.map(({ fields }, index) => {
      const answer = responses[index];
      return {
        name,
        requestFields: fields,
        response: answer && Buffer.from(answer.bytes, 'hex'),
        responseFields: answer?.fields,
      };
    }),
  );
}

export interface GoldenEvent {
  readonly name: string;
  readonly fields: MessageFields;
  readonly bytes: Buffer;
}

export function goldenEvents(service: GoldenService): GoldenEvent[] {
  return readServiceGoldens(service).exchanges.flatMap(({ name, events }) =>
    events.map(({ fields, bytes }: GoldenPart) => ({ name, fields, bytes: Buffer.from(bytes, 'hex') })),
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
