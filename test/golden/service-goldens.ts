import { readFileSync } from 'node:fs';
import type { MessageFields } from '../helpers/wire/message-builder.ts';
import { writeOutRuns, type GoldenMessage } from './golden-file.ts';

/** One message with what it says. */
export interface GoldenPart {
  readonly fields: MessageFields;
  /** In hex. */
  readonly bytes: string;
  /** Offsets of padding bytes that are not zero, as in `'4-5,12'`. */
  readonly dirtyPadding?: string;
}

/** One call of the C library, or something that happened in the cluster, and what went over the connection meanwhile. */
export interface ServiceExchange {
  readonly name: string;
  /** The C call with its arguments, or what happened, to be read. */
  readonly call: string;
  /** What the call returned, its cs_error_t first, to be read. */
  readonly result: string;
  readonly requests: readonly GoldenPart[];
  readonly responses: readonly GoldenPart[];
  readonly events: readonly GoldenPart[];
}

export interface ServiceGoldens {
  readonly how: string;
  readonly corosync: string;
  readonly libqb: string;
  readonly arch: string;
  readonly exchanges: readonly ServiceExchange[];
}

/** The services beside cmap, which has golden-file.ts. */
export const GOLDEN_SERVICES = ['quorum', 'votequorum', 'cfg', 'cpg'] as const;
export type GoldenService = (typeof GOLDEN_SERVICES)[number];

export function goldenPath(service: GoldenService): URL {
  return new URL(`./${service}-exchanges.json`, import.meta.url);
}

export function readServiceGoldens(service: GoldenService): ServiceGoldens {
  return JSON.parse(readFileSync(goldenPath(service), 'utf8'), writeOutRuns) as ServiceGoldens;
}

/** Every message of a service, for tests that look at all of them alike. */
export function serviceMessages(service: GoldenService): GoldenMessage[] {
  return readServiceGoldens(service).exchanges.flatMap(({ name, requests, responses, events }) =>
    [...requests, ...responses, ...events].map(({ fields, bytes }) => ({
      name: `${service}: ${name}, ${fields.message}`,
      fields,
      bytes: Buffer.from(bytes, 'hex'),
    })),
  );
}

/** Ascending numbers, as in `'4-5,12'`. */
export function asRanges(numbers: readonly number[]): string {
  const ranges: { readonly from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join();
}
