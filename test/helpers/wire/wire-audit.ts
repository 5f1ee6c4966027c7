import { PostAudit } from './post-audit.ts';

const NAME = { at: 16, valueAt: 24, size: 256 };

/** The structs that corosync reads, by request id: what they are called, their size, and whether a name follows the header. */
const REQUESTS: readonly { readonly name: string; readonly size: number; readonly hasName: boolean }[] = [
  { name: 'set', size: 296, hasName: true },
  { name: 'delete', size: 280, hasName: true },
  { name: 'get', size: 288, hasName: true },
  { name: 'adjust_int', size: 288, hasName: true },
  { name: 'iter_init', size: 280, hasName: true },
  { name: 'iter_next', size: 24, hasName: false },
  { name: 'iter_finalize', size: 24, hasName: false },
  { name: 'track_add', size: 296, hasName: true },
  { name: 'track_delete', size: 24, hasName: false },
  { name: 'set_current_map', size: 24, hasName: false },
];
/** Bytes of the values of types 1 to 10; strings and binaries have any length. */
const FIXED_LENGTHS = [0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8];
const STRING = 11;
const BINARY = 12;

/** The rules of cmap's requests. */
export class WireAudit extends PostAudit {
  /** Those that have sent something, and those of them that are on the stats map. */
  readonly #connections = new Set<string>();
  readonly #onStats = new Set<string>();

  protected override readRequest(request: Buffer, path: string): void {
    const id = request.readInt32LE(0);
    const struct = REQUESTS[id];
    if (struct === undefined) return this.broken(`request ${id}`);
    const { name, size, hasName } = struct;
    this.count(name);
    if (request.readInt32LE(8) !== request.length)
      this.broken(`${name}: size ${request.readInt32LE(8)} in ${request.length}`);
    if (name === 'set' ? request.length < size : request.length !== size)
      return this.broken(`${name}: ${request.length} bytes`);
    if (hasName) this.#readName(name, request);
    if (name === 'get')
      this.between(
        'get: value_len',
        request.readBigUInt64LE(280),
        this.#onStats.has(path) ? 64n : 1n,
        16_385n,
      );
    if (name === 'set') this.#readValue(request);
    if (name === 'track_add') this.#readTrack(request, path);
    if (name === 'set_current_map') this.#readMap(request, path);
    this.#connections.add(path);
  }

  #readTrack(request: Buffer, path: string): void {
    const type = request.readInt32LE(280);
    this.between('track_add: track_type', BigInt(type), 1n, 15n);
    if ((type & 7) === 0) this.broken('a tracker that never fires');
    if (this.#onStats.has(path) && nameOf(request).endsWith('.procname')) this.broken('a tracker of a text');
  }

  #readMap(request: Buffer, path: string): void {
    if (this.#connections.has(path)) this.broken('another map on a connection in use');
    this.between('set_current_map: map', BigInt(request.readInt32LE(16)), 0n, 1n);
    if (request.readInt32LE(16) === 1) this.#onStats.add(path);
  }

  /** At most 255 bytes, its length stated, and a NUL behind it, which corosync looks for without a bound. */
  #readName(name: string, request: Buffer): void {
    const stated = request.readUInt16LE(NAME.at);
    const field = request.subarray(NAME.valueAt, NAME.valueAt + NAME.size);
    if (field.indexOf(0) !== stated)
      this.broken(`${name}: a name of ${stated} bytes ends at ${field.indexOf(0)}`);
    const short = ['set', 'delete', 'adjust_int'].includes(name) && stated < 3;
    if (short || (name !== 'iter_init' && !/^[\w.\-/:]*$/.test(nameOf(request))))
      this.broken(`${name}: an illegal key`);
  }

  #readValue(request: Buffer): void {
    const [length, type] = [Number(request.readBigUInt64LE(280)), request.readUInt8(288)];
    if (length !== request.length - 296)
      this.broken(`set: value_len ${length} for ${request.length - 296} bytes`);
    if (length > 16_384) this.broken(`set: ${length} bytes`);
    const fixed = FIXED_LENGTHS[type];
    const isLegal =
      type !== 0 && (fixed === undefined ? type === STRING || type === BINARY : length === fixed);
    if (!isLegal) this.broken(`set: ${length} bytes of type ${type}`);
  }
}

function nameOf(request: Buffer): string {
  return request.toString('latin1', NAME.valueAt, NAME.valueAt + request.readUInt16LE(NAME.at));
}
