import type { RequestMessage, UnansweredMessage } from '../../../src/codec/message.ts';
import { PendingCall, type SubmitOptions } from '../../../src/ipc/calls/pending-call.ts';
import { RequestPipeline } from '../../../src/ipc/shared-memory/ring-pipeline.ts';
import { RequestRing } from '../../../src/ipc/shared-memory/request-ring.ts';
import type { BatchTurn } from '../../../src/ipc/turns/batch-turn.ts';
import { ResponseRing } from '../../../src/ipc/shared-memory/response-ring.ts';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import type { Reply } from '../../../src/testing/server/service.ts';
import { replyFake } from '../fake/fake-request.ts';
import { MemoryRing } from './memory-ring.ts';
import { MemoryServer } from './memory-server.ts';
import { Recorder, RecordingStorage, type Write } from './recording-storage.ts';
import { gone } from '../corosync/gone.ts';

export interface MemoryConnectionOptions {
  readonly requestWords?: number;
  readonly responseWords?: number;
  /** Default: whatever the rings take. */
  readonly maxMessageSize?: number;
  /** Word at which both rings begin. */
  readonly startWord?: number;
  readonly answer?: (request: Buffer) => Reply;
  /** What the bytes to the socket set off. Default: the server answers all at once. */
  readonly onBytes?: (server: MemoryServer, count: number) => boolean;
  /** What the server does whenever the client looks for answers, or for what was taken. */
  readonly onLook?: (server: MemoryServer) => void;
  readonly turn?: BatchTurn;
}

/** The server answers in the same turn. */
function answerAtOnce(server: MemoryServer, count: number): boolean {
  server.receiveBytes(count);
  server.runDry();
  return true;
}

/** The bytes arrive; the test says when the server runs. */
export function answerWhenTold(server: MemoryServer, count: number): boolean {
  server.receiveBytes(count);
  return true;
}

/** A request pipeline between rings in memory and the server's model, which checks the contract at every write. */
export class MemoryConnection {
  readonly rings: { readonly request: MemoryRing; readonly response: MemoryRing; readonly event: MemoryRing };
  readonly recorder = new Recorder();
  readonly server: MemoryServer;
  readonly pipeline: RequestPipeline;
  /** What onFailure was called with. */
  readonly failures: unknown[] = [];
  #posted = 0;

  constructor(options: MemoryConnectionOptions = {}) {
    const start = options.startWord ?? 0;
    this.rings = {
      request: new MemoryRing(options.requestWords ?? 16_384, start),
      response: new MemoryRing(options.responseWords ?? 16_384, start),
      event: new MemoryRing(64),
    };
    this.server = new MemoryServer(this.rings, options.answer ?? replyFake);
    const onBytes = options.onBytes ?? answerAtOnce;
    this.recorder.before = (write) => this.#check(write);
    this.recorder.beforeLook = (ring, offset) => {
      const isLook =
        ring === 'response' ? offset === RING_HEADER.semaphore : offset === RING_HEADER.readPointer;
      if (isLook) options.onLook?.(this.server);
    };
    this.pipeline = new RequestPipeline(
      new RequestRing(new RecordingStorage('request', this.rings.request, this.recorder)),
      new ResponseRing(new RecordingStorage('response', this.rings.response, this.recorder)),
      options.maxMessageSize ?? Infinity,
      (count) => {
        this.recorder.record({ to: 'socket', what: 'bytes', count });
        return onBytes(this.server, count);
      },
      (error) => {
        this.failures.push(error);
        // What the connection does.
        this.pipeline.stop(gone(error));
      },
      options.turn,
    );
  }

  submit(message: UnansweredMessage, options?: Partial<SubmitOptions<unknown>>): Promise<unknown>;
  submit<T>(message: RequestMessage<T>, options?: Partial<SubmitOptions<T>>): Promise<T>;
  submit<T>(
    message: RequestMessage<T> | UnansweredMessage,
    options: Partial<SubmitOptions<T>> = {},
  ): Promise<T> {
    const call = new PendingCall(message, { timeoutMs: Infinity, ...options });
    this.pipeline.submit(call as PendingCall, options.urgent);
    return call.promise;
  }

  setFlowControl(value: number): void {
    this.rings.request.header.writeInt32LE(value, RING_HEADER.flowControl);
  }

  /** libqb's rules for a client that writes absolute counts. */
  #check(write: Write): void {
    const outstanding = this.#posted - this.server.handled;
    if (write.to === 'socket') return;
    if (write.to === 'request' && outstanding > 0) {
      throw new Error(`post while ${outstanding} requests are outstanding`);
    }
    if (write.to === 'response' && outstanding > 0) {
      throw new Error(`reset while ${outstanding} requests are outstanding`);
    }
    if (write.to === 'request' && write.what === 'semaphore') this.#posted += write.value;
    if (write.to === 'response' && write.what === 'read_pt') {
      const unread = write.value !== this.rings.response.readHeader(RING_HEADER.writePointer);
      if (unread) throw new Error('reset while answers are unread');
    }
  }
}
