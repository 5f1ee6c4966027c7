import type { MessageReader } from '../../../src/codec/message-reader.ts';
import type { MessageWriter } from '../../../src/codec/message-writer.ts';
import type { RequestMessage, UnansweredMessage } from '../../../src/codec/message.ts';

/*
 * Requests of cfg and cpg, as far as the tests of the transport need them (struct layouts of corosync's ipc_cfg.h and ipc_cpg.h).
 */

interface RawRequestOptions {
  readonly answer?: 'now' | 'later';
  readonly size?: number;
  readonly maxResponseSize?: number;
  readonly write?: (into: MessageWriter) => void;
}

/** A request of so many bytes; resolves with the bytes of its answer. */
export class RawRequest implements RequestMessage<Buffer> {
  readonly operation: string;
  readonly answer: 'now' | 'later';
  readonly size: number;
  readonly maxResponseSize: number;
  readonly responseId: number;
  readonly requestId: number;
  readonly #write: (into: MessageWriter) => void;

  constructor(operation: string, id: number, responseId: number, options: RawRequestOptions = {}) {
    this.operation = operation;
    this.requestId = id;
    this.responseId = responseId;
    this.answer = options.answer ?? 'now';
    this.size = options.size ?? 16;
    this.maxResponseSize = options.maxResponseSize ?? 24;
    this.#write = options.write ?? (() => undefined);
  }

  encode(into: MessageWriter): void {
    into.i32(0, this.requestId);
    into.i32(8, this.size);
    this.#write(into);
  }

  decode(response: MessageReader): Buffer {
    return Buffer.from(response.copy(0, response.length));
  }
}

export const cfg = {
  localGet: (): RawRequest => new RawRequest('corosync_cfg_local_get', 6, 12, { maxResponseSize: 32 }),
  /** Answered from a later turn of corosync's main loop. */
  reload: (): RawRequest => new RawRequest('corosync_cfg_reload_config', 7, 14, { answer: 'later' }),
  ringStatus: (): RawRequest =>
    new RawRequest('corosync_cfg_ring_status_get', 0, 0, { maxResponseSize: 10_272 }),
};

/** What cpg needs: an event may have more than 1 MiB. */
export const CPG_BUFFER_SIZE = 1_179_648;
export const CPG_EVENT = { deliver: 5, configurationChange: 4 } as const;

export const cpg = {
  localGet: (): RawRequest => new RawRequest('cpg_local_get', 4, 7, { maxResponseSize: 32 }),
  join: (group: string): RawRequest => member('cpg_join', 0, 0, 168, group),
  leave: (group: string): RawRequest => member('cpg_leave', 1, 1, 160, group),
  finalize: (): RawRequest => new RawRequest('cpg_finalize', 8, 12),
  mcast: (data: Uint8Array): UnansweredMessage => new Mcast(data),
};

function member(operation: string, id: number, responseId: number, size: number, group: string): RawRequest {
  return new RawRequest(operation, id, responseId, {
    size,
    write: (into) => {
      into.u32(16, group.length);
      into.latin1(24, group);
      into.u32(152, process.pid);
    },
  });
}

/** struct req_lib_cpg_mcast (40 + data): its header is that of an answer, and it has none. */
class Mcast implements UnansweredMessage {
  readonly answer = 'never';
  readonly operation = 'cpg_mcast_joined';
  readonly requestId = 2;
  readonly changes = true;
  readonly barrier = cpg.localGet();
  readonly size: number;
  readonly #data: Uint8Array;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.size = 40 + data.length;
  }

  encode(into: MessageWriter): void {
    into.i32(0, this.requestId);
    into.i32(8, this.size);
    into.u32(32, this.#data.length);
    into.copy(40, this.#data);
  }
}

/** Of a delivered message. */
export function deliveredData(event: Buffer): Buffer {
  return event.subarray(184, 184 + event.readUInt32LE(160));
}
