import { describe } from 'vitest';
import type { TransportKind } from '../../../src/ipc/index.ts';
import { ScriptedServer } from '../wire/scripted-server.ts';
import { FakeDatagramCorosync } from './fake-datagram-corosync.ts';
import { answerFake, replyFake } from './fake-request.ts';

/** A server of fake requests that handles them when it is told to, over either transport. */
export interface FakeServer extends AsyncDisposable {
  readonly options: ScriptedServer['options'];
  /** Handled, in order. */
  readonly handled: readonly Buffer[];
  readonly established: boolean;
  /** Whether the latest client has not closed its connection. */
  readonly open: boolean;
  /** How many requests have come and are not handled. */
  readonly waiting: number;
  handle(count: number): void;
  /** Answers those that are answered later. */
  answerLate(): void;
  setFlowControl(value: number): void;
  /** The server is gone, and has read nothing more. */
  die(): void;
  sendEvent(event: Buffer): void;
}

class RingServer implements FakeServer {
  readonly #server: ScriptedServer;
  readonly #held: Buffer[];

  private constructor(server: ScriptedServer, held: Buffer[]) {
    this.#server = server;
    this.#held = held;
  }

  static async start(): Promise<RingServer> {
    const held: Buffer[] = [];
    const answer = (request: Buffer): ReturnType<typeof replyFake> => {
      const reply = replyFake(request);
      if (reply === 'later') held.push(request);
      return reply;
    };
    return new RingServer(await ScriptedServer.start({ answer, serve: false }), held);
  }

  get options(): ScriptedServer['options'] {
    return this.#server.options;
  }

  get established(): boolean {
    return this.#server.connected;
  }

  get open(): boolean {
    return this.#server.openSockets > 0;
  }

  get handled(): readonly Buffer[] {
    return this.#server.requests;
  }

  get waiting(): number {
    return this.#server.channels.unreadBytes;
  }

  handle(count: number): void {
    this.#server.connection.wakeUp(count);
  }

  answerLate(): void {
    for (const request of this.#held.splice(0)) this.#server.connection.answerLater(answerFake(request));
  }

  setFlowControl(value: number): void {
    this.#server.connection.transport.setFlowControl(value);
  }

  die(): void {
    this.#server.die();
  }

  sendEvent(event: Buffer): void {
    this.#server.notify(event);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

class DatagramServer implements FakeServer {
  readonly #server: FakeDatagramCorosync;

  private constructor(server: FakeDatagramCorosync) {
    this.#server = server;
  }

  static async start(): Promise<DatagramServer> {
    return new DatagramServer(await FakeDatagramCorosync.start({ answer: replyFake, serve: false }));
  }

  get options(): ScriptedServer['options'] {
    return this.#server.options;
  }

  get established(): boolean {
    return this.#server.connected;
  }

  get open(): boolean {
    return this.#server.connection.open;
  }

  get handled(): readonly Buffer[] {
    return this.#server.connection.handled;
  }

  get waiting(): number {
    return this.#server.connection.waiting.length;
  }

  handle(count: number): void {
    this.#server.connection.answerNext(count);
  }

  answerLate(): void {
    this.#server.connection.answerHeld(answerFake);
  }

  setFlowControl(value: number): void {
    this.#server.connection.set(4, value);
  }

  die(): void {
    this.#server.connection.die();
  }

  sendEvent(event: Buffer): void {
    this.#server.connection.notify(event);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** A suite for both transports. */
export function describeOnTransports(
  name: string,
  suite: (start: () => Promise<FakeServer>, kind: TransportKind) => void,
): void {
  describe(`${name}, over shared memory`, () => suite(() => RingServer.start(), 'shared-memory'));
  describe(`${name}, over datagrams`, () => suite(() => DatagramServer.start(), 'socket'));
}
