import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { stringifyGolden } from '../../test/golden/golden-file.ts';
import {
  asRanges,
  goldenPath,
  type GoldenPart,
  type GoldenService,
  type ServiceExchange,
  type ServiceGoldens,
} from '../../test/golden/service-goldens.ts';
import type { PeerProcess } from '../../test/helpers/corosync/peer-process.ts';
import type { PrivateCorosync } from '../../test/helpers/corosync/private-corosync.ts';
import { RingRecorder } from '../../test/helpers/memory/ring-recorder.ts';
import {
  build,
  differences,
  dirtyPadding,
  type MessageFields,
} from '../../test/helpers/wire/message-builder.ts';

/** What went over a connection. */
export interface Chunks {
  readonly requests: readonly Buffer[];
  readonly responses: readonly Buffer[];
  readonly events: readonly Buffer[];
}

/** What it said, in the same order. */
export interface Fields {
  readonly requests?: readonly MessageFields[];
  readonly responses?: readonly MessageFields[];
  readonly events?: readonly MessageFields[];
}

/** The rings of a connected C peer. */
export class PeerRings {
  readonly #rings: RingRecorder;

  constructor(corosync: PrivateCorosync, peer: PeerProcess, service: GoldenService) {
    const ours = `qb-${corosync.pid}-${peer.pid}-`;
    const directory = corosync.sharedMemoryLeftovers().find((name) => name.startsWith(ours));
    if (directory === undefined) throw new Error('the connection has no rings');
    this.#rings = new RingRecorder(join('/dev/shm', directory), service);
  }

  /** What went over them since the last time. */
  take(): Chunks {
    return {
      requests: this.#rings.take('request'),
      responses: this.#rings.take('response'),
      events: this.#rings.take('event'),
    };
  }
}

/** Collects the exchanges of a service; each message must be what its builder makes of its fields. */
export class ServiceCapture {
  readonly #service: GoldenService;
  readonly #exchanges: ServiceExchange[] = [];

  constructor(service: GoldenService) {
    this.#service = service;
  }

  add(name: string, call: string, result: string, chunks: Chunks, fields: Fields): void {
    const parts = (kind: keyof Fields): GoldenPart[] => {
      const expected = fields[kind] ?? [];
      if (chunks[kind].length !== expected.length)
        throw new Error(`${name}: ${chunks[kind].length} ${kind} instead of ${expected.length}`);
      return chunks[kind].map((bytes, index) => checked(`${name}, ${kind}`, bytes, expected[index]));
    };
    const [requests, responses, events] = [parts('requests'), parts('responses'), parts('events')];
    this.#exchanges.push({ name, call, result, requests, responses, events });
  }

  /** @param how what is particular to this service */
  write(how: string): void {
    const version = execFileSync('corosync', ['-v'], { encoding: 'utf8' });
    const golden: ServiceGoldens = {
      how: `${HOW} ${how} Regenerate with scripts/capture-goldens/${this.#service}.ts; handles, pids and ring ids will differ.`,
      corosync: /version '([^']+)'/.exec(version)?.[1] ?? version,
      libqb: execFileSync('pkg-config', ['--modversion', 'libqb'], { encoding: 'utf8' }).trim(),
      arch: arch(),
      exchanges: this.#exchanges,
    };
    writeFileSync(goldenPath(this.#service), `${stringifyGolden(golden)}\n`);
    console.log(`${golden.exchanges.length} exchanges captured`);
  }
}

/** A request that the C library cannot be made to send; `response` reads the answer's fields from its bytes. */
export async function captureRaw(
  capture: ServiceCapture,
  peer: PeerProcess,
  rings: PeerRings,
  name: string,
  request: MessageFields,
  response: (bytes: Buffer) => MessageFields,
): Promise<void> {
  const { result, response: bytes } = await peer.raw(build(request).toBytes());
  capture.add(name, `qb_ipcc_sendv_recv(${JSON.stringify(request)})`, `${result} bytes`, rings.take(), {
    requests: [request],
    responses: [response(bytes)],
  });
}

function checked(what: string, bytes: Buffer, fields: MessageFields | undefined): GoldenPart {
  if (fields === undefined) throw new Error(`${what}: nothing is known of it`);
  const wrong = differences(bytes, build(fields));
  if (wrong.length > 0)
    throw new Error(
      `${what}, ${fields.message}: ${wrong.slice(0, 20).join(', ')}\n${bytes.toString('hex', 0, 400)}`,
    );
  const dirty = asRanges(dirtyPadding(bytes, build(fields)));
  return { fields, bytes: bytes.toString('hex'), ...(dirty === '' ? {} : { dirtyPadding: dirty }) };
}

const HOW =
  'Real exchanges of the C library with corosync, one call at a time: after each call the messages between the old and the ' +
  'new write pointer of the connection\'s ring files in shared memory. "call" is the C call, or what happened in the cluster; ' +
  '"result" is what the call returned. Calls named qb_ipcc_sendv_recv are requests that the library cannot be made to send: ' +
  "their bytes are ours, the response is corosync's. The fields beside the bytes come from the arguments and results of the " +
  'calls and from what the library called back with, and were checked against the bytes; only what the C API does not show ' +
  '(the fields of error responses) was read from the bytes. "dirtyPadding" has the offsets of padding bytes that are not zero. ' +
  'In hex, (00*248) stands for 248 zero bytes.';
