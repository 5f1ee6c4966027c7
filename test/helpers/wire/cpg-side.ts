import { decodeConfchg } from '../../../src/codec/cpg/confchg.ts';
import { decodeDelivery } from '../../../src/codec/cpg/deliver.ts';
import { cpgEventKind, decodeEventGroup } from '../../../src/codec/cpg/event.ts';
import { CPG_RESPONSE_ID } from '../../../src/codec/cpg/ids.ts';
import { IterationNextRequest } from '../../../src/codec/cpg/iteration.ts';
import { MembershipGetRequest } from '../../../src/codec/cpg/membership-get.ts';
import { copyFragment, decodePartialDelivery } from '../../../src/codec/cpg/partial-deliver.ts';
import { decodeTotemConfchg } from '../../../src/codec/cpg/totem-confchg.ts';
import { MessageReader } from '../../../src/codec/message-reader.ts';
import type { ConnectOptions } from '../../../src/service/connect-options.ts';
import { build, type MessageFields } from './message-builder.ts';
import { RawConnection } from './raw-connection.ts';

const OK = 1;

/** What there is to compare of a corosync's cpg: connections, their answers and events without what is not determined. */
export class CpgSide implements AsyncDisposable {
  readonly #options: ConnectOptions;
  readonly #connections = new Map<string, RawConnection>();
  /** Handles of iterations in the order in which they were made: requests and texts name them by their place. */
  readonly #handles: string[] = [];
  /** Numbers of rings, alike. */
  readonly #rings: string[] = [];

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** How many iterations it has begun. */
  get iterations(): number {
    return this.#handles.length;
  }

  /** The answer in text. @param client each name has a connection of its own */
  async send(client: string, fields: MessageFields): Promise<string> {
    const connection = await this.#connection(client);
    const request = 'handle' in fields ? { ...fields, handle: this.#handle(fields.handle) } : fields;
    const { bytes, error } = await connection.sendBytes(build(request).toBytes());
    if (bytes.length === 0) return 'never answered';
    const id = bytes.readInt32LE(0);
    return `${id} ${bytes.length} error ${error} ${this.#content(id, error, new MessageReader(bytes))}`;
  }

  /** Ends the connection of that name; the next request of it makes a new one. */
  async close(client: string): Promise<void> {
    await this.#connections.get(client)?.[Symbol.asyncDispose]();
    this.#connections.delete(client);
  }

  /** What has been told since it was last taken, by connection. */
  takeEvents(): Record<string, string[]> {
    const told = [...this.#connections].map(([name, { events }]): [string, string[]] => [
      name,
      events.splice(0).map((event) => this.#event(event)),
    ]);
    return Object.fromEntries(told.filter(([, events]) => events.length > 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#connections.keys()]) await this.close(name);
  }

  async #connection(name: string): Promise<RawConnection> {
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const connection = await RawConnection.connect(this.#options, 'cpg');
    this.#connections.set(name, connection);
    return connection;
  }

  #content(id: number, error: number, answer: MessageReader): string {
    if (error !== OK) return '';
    switch (id) {
      case CPG_RESPONSE_ID.membership:
        return JSON.stringify(new MembershipGetRequest('').decode(answer));
      case CPG_RESPONSE_ID.localGet:
        return String(answer.u32(24));
      case CPG_RESPONSE_ID.iterationInitialize:
        this.#handles.push(String(answer.u64(24)));
        return '';
      case CPG_RESPONSE_ID.iterationNext:
        return JSON.stringify(new IterationNextRequest(0n).decode(answer, error));
      default:
        return '';
    }
  }

  #handle(place: string): string {
    return this.#handles[Number(place)] ?? '4711';
  }

  #event(bytes: Buffer): string {
    const event = new MessageReader(bytes);
    const kind = cpgEventKind(event);
    if (kind === 'totem-confchg') {
      const { ringId, members } = decodeTotemConfchg(event);
      return `totem: ${this.#ring(String(ringId.seq))} of node ${ringId.nodeId}: ${members.join()}`;
    }
    return `${JSON.stringify(decodeEventGroup(event))} ${kind ?? ''}: ${JSON.stringify(decoded(kind, event))}`;
  }

  #ring(seq: string): string {
    if (!this.#rings.includes(seq)) this.#rings.push(seq);
    return `ring ${this.#rings.indexOf(seq)}`;
  }
}

function decoded(kind: ReturnType<typeof cpgEventKind>, event: MessageReader): object | undefined {
  if (kind === 'confchg') return decodeConfchg(event);
  if (kind === 'deliver') {
    const { message, ...from } = decodeDelivery(event);
    return { ...from, message: Buffer.from(message).toString('latin1') };
  }
  if (kind !== 'partial-deliver') return undefined;
  const fragment = decodePartialDelivery(event);
  const bytes = Buffer.alloc(fragment.fragmentLength);
  copyFragment(event, bytes, 0);
  return { ...fragment, bytes: bytes.toString('latin1') };
}
