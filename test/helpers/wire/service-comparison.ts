import { decodeCfgEvent } from '../../../src/codec/cfg/event.ts';
import { RingStatusGetRequest } from '../../../src/codec/cfg/ring-status-get.ts';
import { MessageReader } from '../../../src/codec/message-reader.ts';
import { decodeQuorumEvent } from '../../../src/codec/quorum/event.ts';
import type { RingId } from '../../../src/codec/ring-id.ts';
import { decodeVotequorumEvent } from '../../../src/codec/votequorum/event.ts';
import type { ConnectOptions } from '../../../src/service/connect-options.ts';
import { build, type MessageFields } from './message-builder.ts';
import { RawConnection, type RawService } from './raw-connection.ts';

/** Services that tell of the cluster. */
export type ClusterService = Exclude<RawService, 'cmap' | 'cpg'>;

export const CLUSTER_SERVICES: readonly ClusterService[] = ['quorum', 'votequorum', 'cfg'];

const DECODERS: Readonly<Record<ClusterService, (event: MessageReader) => object | undefined>> = {
  quorum: decodeQuorumEvent,
  votequorum: decodeVotequorumEvent,
  cfg: decodeCfgEvent,
};

/** Bytes behind the last field, which corosync does not clear, by the length of the answer. */
const UNUSED: ReadonlyMap<number, readonly [from: number, to: number]> = new Map([
  [32, [28, 32]],
  [320, [315, 320]],
]);
const OK = 1;
const RING_STATUS_SIZE = 10_272;
const NODE_STATUS_SIZE = 4200;
const LINK = { first: 40, size: 520 };

/** What there is to compare of a corosync: connections to its services, their answers and events without what is not determined. */
export class ServiceSide implements AsyncDisposable {
  readonly #connections = new Map<string, RawConnection>();
  readonly #options: ConnectOptions;
  /** Ring ids in the order in which they came: the numbers themselves differ. */
  readonly #rings: string[] = [];
  /** Of the membership. */
  ringId: RingId = { nodeId: 0, seq: 0n };

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** @param client each name has a connection of its own */
  async send(service: ClusterService, client: string, fields: MessageFields): Promise<string> {
    const connection = await this.#connection(service, client);
    const { bytes, error } = await connection.sendBytes(build(this.#withRing(fields)).toBytes());
    return comparable(service, fields, bytes, error);
  }

  /** What has been told since it was last taken, by connection. */
  takeEvents(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#connections].map(([name, { events }]) => {
        const service = name.split(' ')[0] as ClusterService;
        return [name, events.splice(0).map((event) => this.#event(service, event))];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.values()) await connection[Symbol.asyncDispose]();
  }

  async #connection(service: ClusterService, client: string): Promise<RawConnection> {
    const name = `${service} ${client}`;
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const connection = await RawConnection.connect(this.#options, service);
    this.#connections.set(name, connection);
    return connection;
  }

  /** A poll with node 1's ring means the present one. */
  #withRing(fields: MessageFields): MessageFields {
    if (!('ringId' in fields) || fields.ringId.nodeId !== 1) return fields;
    return {
      ...fields,
      ringId: { nodeId: this.ringId.nodeId, seq: String(this.ringId.seq) },
    };
  }

  #event(service: ClusterService, bytes: Buffer): string {
    const event = DECODERS[service](new MessageReader(bytes));
    if (event !== undefined && 'ringId' in event && service === 'votequorum')
      this.ringId = event.ringId as RingId;
    return JSON.stringify(event, (key, value: unknown) => {
      if (key === 'ringId') return this.#ring(String((value as RingId).seq), (value as RingId).nodeId);
      if (key === 'ringSeq') return this.#ring(String(value), 0);
      return typeof value === 'bigint' ? String(value) : value;
    });
  }

  #ring(seq: string, nodeId: number): string {
    if (!this.#rings.includes(seq)) this.#rings.push(seq);
    return `ring ${this.#rings.indexOf(seq)} of node ${nodeId}`;
  }
}

/** An answer without padding, and without what corosync leaves in it of its memory. */
function comparable(service: ClusterService, fields: MessageFields, bytes: Buffer, error: number): string {
  const head = `${fields.message} ${bytes.readInt32LE(0)} ${bytes.length} error ${error}`;
  if (bytes.length === 24 || (error !== OK && !('model' in fields))) return head;
  if (service === 'cfg' && bytes.length === RING_STATUS_SIZE) {
    return `${head} ${JSON.stringify(new RingStatusGetRequest().decode(new MessageReader(bytes)))}`;
  }
  const copy = Buffer.from(bytes);
  const [from, to] = UNUSED.get(bytes.length) ?? [0, 0];
  copy.fill(0, from, to);
  if (bytes.length === NODE_STATUS_SIZE) clearNodeStatus(copy);
  return `${head} ${copy.toString('hex', 24).replace(/(?:00)+$/, '')}`;
}

/** Padding, and what stands behind the end of an address. */
function clearNodeStatus(bytes: Buffer): void {
  bytes.fill(0, 38, 40);
  for (let link = 0; link < 8; link++) {
    const at = LINK.first + link * LINK.size;
    bytes.fill(0, at + 3, at + 4);
    for (const text of [at + 8, at + 264]) {
      const end = bytes.indexOf(0, text);
      bytes.fill(0, end, text + 256);
    }
  }
}
