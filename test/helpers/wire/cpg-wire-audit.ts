import { PostAudit } from './post-audit.ts';

/** What corosync can take at once: a little more, and the corosync of every node aborts. */
const MOST = 1_047_552;

const [JOIN, LEAVE, MCAST, FINALIZE, PARTIAL] = [0, 1, 2, 8, 12];
/** The fixed size of each request that there is. 3 makes corosync abort in large groups, 9 to 11 make it delete files or crash: they are never sent. */
const SIZES = new Map([
  [JOIN, 168],
  [LEAVE, 160],
  [MCAST, 40],
  [4, 16],
  [5, 160],
  [6, 24],
  [7, 24],
  [FINALIZE, 16],
  [PARTIAL, 56],
]);

/** What is known of a connection. */
interface Connection {
  joined?: string;
  isFinalized?: true;
  /** Of the message that goes out in fragments. */
  unfinished?: { readonly length: number; sum: number } | undefined;
}

/** The rules of cpg's requests. */
export class CpgWireAudit extends PostAudit {
  readonly #connections = new Map<string, Connection>();

  override readRequest(request: Buffer, path: string): void {
    const id = request.readInt32LE(0);
    const fixed = SIZES.get(id);
    if (fixed === undefined) return this.broken(`request ${id}`);
    this.count(String(id));
    if (request.readInt32LE(8) !== request.length)
      this.broken(`${id}: size ${request.readInt32LE(8)} in ${request.length}`);
    if (request.length < fixed || (id !== MCAST && id !== PARTIAL && request.length !== fixed))
      return this.broken(`${id}: ${request.length} bytes`);
    const connection = this.#connections.get(path) ?? {};
    this.#connections.set(path, connection);
    if (connection.isFinalized === true) this.broken(`${id} after the end`);
    if (id === JOIN) this.#readJoin(request, connection);
    if (id === LEAVE) this.#readLeave(request, connection);
    if (id === MCAST) this.#readMcast(request, connection);
    if (id === PARTIAL) this.#readFragment(request, connection);
    if (id === FINALIZE) connection.isFinalized = true;
  }

  /** A name of 1 to 127 bytes without a NUL. A join that was refused may be made again, for whatever name. */
  #readJoin(request: Buffer, connection: Connection): void {
    const length = request.readUInt32LE(16);
    this.between('join: name', BigInt(length), 1n, 127n);
    if (request.subarray(24, 24 + length).includes(0)) this.broken('join: a name with a NUL');
    this.between('join: flags', BigInt(request.readUInt32LE(160)), 0n, 1n);
    connection.joined = identity(request);
  }

  /** Corosync does not check that it is us who leave. */
  #readLeave(request: Buffer, { joined }: Connection): void {
    if (joined !== identity(request)) this.broken('a leave with another name or pid than the join');
  }

  #readMcast(request: Buffer, { joined, unfinished }: Connection): void {
    if (joined === undefined) this.broken('a message without a group');
    if (unfinished !== undefined) this.broken('a message between fragments');
    this.#checkLength('mcast: msglen', request.readUInt32LE(32), request.length - 40);
  }

  #readFragment(request: Buffer, connection: Connection): void {
    const [length, part, bytes] = [request.readUInt32LE(32), request.readUInt32LE(48), request.length - 56];
    if (connection.joined === undefined) this.broken('a fragment without a group');
    this.#checkLength('fragment: fraglen', request.readUInt32LE(40), bytes);
    this.between('fragment: type', BigInt(part), 1n, 3n);
    if (part === 1) connection.unfinished = { length, sum: 0 };
    const { unfinished } = connection;
    if (unfinished?.length !== length) return this.broken('a fragment of no message');
    unfinished.sum += bytes;
    if (unfinished.sum > length) this.broken(`fragments of ${unfinished.sum} bytes, of ${length}`);
    if (part !== 3) return;
    if (unfinished.sum !== length) this.broken(`the last fragment at ${unfinished.sum} bytes of ${length}`);
    connection.unfinished = undefined;
  }

  #checkLength(what: string, stated: number, bytes: number): void {
    if (stated !== bytes) this.broken(`${what} ${stated} for ${bytes} bytes`);
    if (bytes > MOST) this.broken(`${what} ${bytes}`);
  }
}

/** Name and pid, of a join or a leave. */
function identity(request: Buffer): string {
  return `${request.toString('latin1', 24, 24 + request.readUInt32LE(16))} ${request.readUInt32LE(152)}`;
}
