import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { waitUntil } from '../wait-until.ts';
import { compileC } from './compile-c.ts';
import { fromHex, PeerProcess, toHex, type PeerOptions } from './peer-process.ts';

const run = promisify(execFile);

/** Sets a u32 key `count` times in a row from a process of its own; resolves to the microseconds it took. */
export async function cmapLoad(key: string, count: number): Promise<number> {
  const { stdout } = await run(compileC('cmap-load'), [key, String(count)]);
  return Number(stdout);
}

/** The types as they go over the wire. */
export const CMAP_TYPES = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  float: 9,
  double: 10,
  string: 11,
  binary: 12,
} as const;

export const CMAP_TRACK = { delete: 1, modify: 2, add: 4, prefix: 8 } as const;

export interface PeerNotification {
  readonly handle: bigint;
  /** 4 add, 1 delete, 2 modify */
  readonly event: number;
  readonly key: string;
  readonly newType: number;
  readonly newValue: Buffer;
  readonly oldType: number;
  readonly oldValue: Buffer;
}

export interface PeerKey {
  readonly key: string;
  readonly length: number;
  readonly type: number;
}

/**
 * The C reference client (test/c/cmap-peer.c) in a process of its own. Every method stands for one libcmap call and
 * resolves to its cs_error_t, `code`, with what the call returned. Notifications arrive in `notifications`.
 */
export class CmapPeer extends PeerProcess {
  readonly notifications: PeerNotification[];

  private constructor(options: PeerOptions) {
    const notifications: PeerNotification[] = [];
    super('cmap-peer', options, (_kind, words) => void notifications.push(parseNotification(words)));
    this.notifications = notifications;
  }

  /** Starts the program, without connecting to anything. */
  static start(options: PeerOptions = {}): CmapPeer {
    return new CmapPeer(options);
  }

  /** Starts the program and connects, which must succeed. */
  static async connected(map = 0, options: PeerOptions = {}): Promise<CmapPeer> {
    const peer = new CmapPeer(options);
    const { code, errno } = await peer.connect(map);
    if (code === 1) return peer;
    await peer.stop();
    throw new Error(`cmap_initialize_map: ${code}, errno ${errno}`);
  }

  /** cmap_initialize_map. The errno is libqb's, and counts only if the code is not 1. */
  async connect(map = 0): Promise<{ code: number; errno: number }> {
    const [code, errno] = await this.call(`connect ${map}`);
    return { code: Number(code), errno: Number(errno) };
  }

  /** cmap_get with a buffer of `bufferLength` bytes; -1 is a NULL buffer, to ask for length and type only. */
  async get(
    key: string | null,
    bufferLength = 16385,
  ): Promise<{ code: number; length: number; type: number; value: Buffer }> {
    const [code, length, type, value] = await this.call(`get ${toHex(key)} ${bufferLength}`);
    return { code: Number(code), length: Number(length), type: Number(type), value: fromHex(value) };
  }

  /** cmap_set; the value is sent as it is, so a string without NUL as cmap_set_string does. */
  set(key: string | null, type: number, value: string | Uint8Array): Promise<number> {
    return this.code(`set ${toHex(key)} ${type} ${toHex(value)}`);
  }

  setUint32(key: string, value: number): Promise<number> {
    const bytes = Buffer.alloc(4);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, value, true);
    return this.set(key, CMAP_TYPES.uint32, bytes);
  }

  setString(key: string, value: string): Promise<number> {
    return this.set(key, CMAP_TYPES.string, value);
  }

  delete(key: string): Promise<number> {
    return this.code(`delete ${toHex(key)}`);
  }

  inc(key: string): Promise<number> {
    return this.code(`inc ${toHex(key)}`);
  }

  dec(key: string): Promise<number> {
    return this.code(`dec ${toHex(key)}`);
  }

  /** A whole iteration; null is a NULL prefix. */
  async iter(prefix: string | null): Promise<{ code: number; keys: PeerKey[] }> {
    const [code, ...words] = await this.call(`iter ${toHex(prefix)}`);
    const keys = words.map((word) => {
      const [name, length, type] = word.split(':');
      return { key: fromHex(name).toString('latin1'), length: Number(length), type: Number(type) };
    });
    return { code: Number(code), keys };
  }

  async iterInit(prefix: string | null): Promise<{ code: number; handle: bigint }> {
    return codeAndHandle(await this.call(`iter_init ${toHex(prefix)}`));
  }

  async iterNext(handle: bigint): Promise<{ code: number } & PeerKey> {
    const [code, key, length, type] = await this.call(`iter_next ${handle}`);
    return {
      code: Number(code),
      key: fromHex(key).toString('latin1'),
      length: Number(length),
      type: Number(type),
    };
  }

  iterFinalize(handle: bigint): Promise<number> {
    return this.code(`iter_finalize ${handle}`);
  }

  /** cmap_track_add with the sum of CMAP_TRACK bits. */
  async trackAdd(key: string | null, type: number): Promise<{ code: number; handle: bigint }> {
    return codeAndHandle(await this.call(`track_add ${toHex(key)} ${type}`));
  }

  trackDelete(handle: bigint): Promise<number> {
    return this.code(`track_delete ${handle}`);
  }

  finalize(): Promise<number> {
    return this.code('finalize');
  }

  /** Waits until that many notifications have come since the start, and returns all that are there. */
  async notified(count: number): Promise<readonly PeerNotification[]> {
    await waitUntil(`${count} notifications`, () => this.notifications.length >= count, {
      everyMs: 5,
    });
    return this.notifications;
  }
}

function codeAndHandle([code, handle]: string[]): { code: number; handle: bigint } {
  return { code: Number(code), handle: BigInt(handle ?? 0) };
}

function parseNotification(words: string[]): PeerNotification {
  const [handle, event, key, newType, newValue, oldType, oldValue] = words;
  return {
    handle: BigInt(handle ?? 0),
    event: Number(event),
    key: fromHex(key).toString('latin1'),
    newType: Number(newType),
    newValue: fromHex(newValue),
    oldType: Number(oldType),
    oldValue: fromHex(oldValue),
  };
}
