import { execFile, execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitUntil } from '../wait-until.ts';

const run = promisify(execFile);
const repository = new URL('../../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, repository));

export type CProgram = 'cmap-peer' | 'cmap-load' | 'cmap-witness';

/** Compiles test/c/NAME.c into build/c/NAME unless that is up to date, and returns the program's path. */
export function compileC(name: CProgram): string {
  const source = pathOf(`test/c/${name}.c`);
  const program = pathOf(`build/c/${name}`);
  const changed = statSync(source).mtimeMs;
  if ((statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0) > changed) return program;
  mkdirSync(pathOf('build/c'), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const flags = ['-Wall', '-Wextra', '-Werror', '-O2'];
  execFileSync('gcc', [...flags, '-o', unfinished, source, '-lcmap', '-lqb', '-ldl'], { stdio: 'inherit' });
  renameSync(unfinished, program);
  return program;
}

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

export interface CmapPeerOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Wait (for resumeDisconnect) each time libcmap or libqb is about to disconnect. */
  readonly holdDisconnects?: boolean;
  /** A command to run it under, such as strace with its options. */
  readonly under?: readonly string[];
}

const toHex = (value: string | Uint8Array | null): string =>
  value === null ? 'null' : Buffer.from(value).toString('hex') || '-';
const fromHex = (word = '-'): Buffer => Buffer.from(word === '-' ? '' : word, 'hex');

/**
 * The C reference client (test/c/cmap-peer.c) in a process of its own. Every method stands for one libcmap call and
 * resolves to its cs_error_t, `code`, with what the call returned. Notifications arrive in `notifications`.
 */
export class CmapPeer {
  readonly notifications: PeerNotification[] = [];
  /** The code of a failed cmap_dispatch: corosync went away. */
  lost: number | undefined;
  /** True while it waits for resumeDisconnect. */
  held = false;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (words: string[]) => void; reject: (error: Error) => void }[] = [];

  private constructor(options: CmapPeerOptions) {
    const [command, ...args] = commandLine(options);
    const env = options.holdDisconnects === true ? { ...process.env, CMAP_PEER_HOLD: '1' } : process.env;
    const user = {
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    };
    this.#process = spawn(command, args, { ...user, env, stdio: 'pipe' });
    this.#process.stderr.pipe(process.stderr);
    this.#process.stdin.on('error', () => undefined); // EPIPE: 'close' tells the callers
    this.#process.on('error', (error) => this.#fail(error));
    this.#process.on('close', () => this.#fail(new Error('the C peer ended')));
    createInterface(this.#process.stdout).on('line', (line) => this.#onLine(line));
  }

  /** Starts the program, without connecting to anything. */
  static start(options: CmapPeerOptions = {}): CmapPeer {
    return new CmapPeer(options);
  }

  /** Starts the program and connects, which must succeed. */
  static async connected(map = 0, options: CmapPeerOptions = {}): Promise<CmapPeer> {
    const peer = new CmapPeer(options);
    const { code, errno } = await peer.connect(map);
    if (code === 1) return peer;
    await peer.stop();
    throw new Error(`cmap_initialize_map: ${code}, errno ${errno}`);
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the C peer could not be started');
    return this.#process.pid;
  }

  /** cmap_initialize_map. The errno is libqb's, and counts only if the code is not 1. */
  async connect(map = 0): Promise<{ code: number; errno: number }> {
    const [code, errno] = await this.#call(`connect ${map}`);
    return { code: Number(code), errno: Number(errno) };
  }

  /** cmap_get with a buffer of `bufferLength` bytes; -1 is a NULL buffer, to ask for length and type only. */
  async get(
    key: string | null,
    bufferLength = 16385,
  ): Promise<{ code: number; length: number; type: number; value: Buffer }> {
    const [code, length, type, value] = await this.#call(`get ${toHex(key)} ${bufferLength}`);
    return { code: Number(code), length: Number(length), type: Number(type), value: fromHex(value) };
  }

  /** cmap_set; the value is sent as it is, so a string without NUL as cmap_set_string does. */
  set(key: string | null, type: number, value: string | Uint8Array): Promise<number> {
    return this.#code(`set ${toHex(key)} ${type} ${toHex(value)}`);
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
    return this.#code(`delete ${toHex(key)}`);
  }

  inc(key: string): Promise<number> {
    return this.#code(`inc ${toHex(key)}`);
  }

  dec(key: string): Promise<number> {
    return this.#code(`dec ${toHex(key)}`);
  }

  /** A whole iteration; null is a NULL prefix. */
  async iter(prefix: string | null): Promise<{ code: number; keys: PeerKey[] }> {
    const [code, ...words] = await this.#call(`iter ${toHex(prefix)}`);
    const keys = words.map((word) => {
      const [name, length, type] = word.split(':');
      return { key: fromHex(name).toString('latin1'), length: Number(length), type: Number(type) };
    });
    return { code: Number(code), keys };
  }

  async iterInit(prefix: string | null): Promise<{ code: number; handle: bigint }> {
    return codeAndHandle(await this.#call(`iter_init ${toHex(prefix)}`));
  }

  async iterNext(handle: bigint): Promise<{ code: number } & PeerKey> {
    const [code, key, length, type] = await this.#call(`iter_next ${handle}`);
    return {
      code: Number(code),
      key: fromHex(key).toString('latin1'),
      length: Number(length),
      type: Number(type),
    };
  }

  iterFinalize(handle: bigint): Promise<number> {
    return this.#code(`iter_finalize ${handle}`);
  }

  /** cmap_track_add with the sum of CMAP_TRACK bits. */
  async trackAdd(key: string | null, type: number): Promise<{ code: number; handle: bigint }> {
    return codeAndHandle(await this.#call(`track_add ${toHex(key)} ${type}`));
  }

  trackDelete(handle: bigint): Promise<number> {
    return this.#code(`track_delete ${handle}`);
  }

  finalize(): Promise<number> {
    return this.#code('finalize');
  }

  /** qb_ipcc_connect alone, for requests that libcmap cannot be made to send. */
  async rawConnect(): Promise<number> {
    return this.#code('raw_connect');
  }

  /** qb_ipcc_sendv_recv: the bytes received, or a negative errno. */
  async raw(request: Uint8Array): Promise<{ result: number; response: Buffer }> {
    const [result, response] = await this.#call(`raw ${toHex(request)}`);
    return { result: Number(result), response: fromHex(response) };
  }

  /** Waits until that many notifications have come since the start, and returns all that are there. */
  async notified(count: number, timeoutMs = 10_000): Promise<readonly PeerNotification[]> {
    await waitUntil(`${count} notifications`, () => this.notifications.length >= count, {
      timeoutMs,
      everyMs: 5,
    });
    return this.notifications;
  }

  resumeDisconnect(): void {
    this.held = false;
    this.#process.stdin.write('\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends the program as its stdin ends: without cmap_finalize, the kernel closes the connection. */
  async stop(): Promise<void> {
    if (
      this.#process.pid === undefined ||
      this.#process.exitCode !== null ||
      this.#process.signalCode !== null
    )
      return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGCONT');
    this.#process.stdin.end();
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 2000); // in a libcmap call that never returns
    await closed;
    clearTimeout(force);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #code(command: string): Promise<number> {
    return Number((await this.#call(command))[0]);
  }

  #call(command: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        reject(new Error('the C peer ended'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${command}\n`);
    });
  }

  #onLine(line: string): void {
    const [kind, ...words] = line.split(' ');
    if (kind === '=') this.#waiting.shift()?.resolve(words);
    else if (kind === 'notify') this.notifications.push(parseNotification(words));
    else if (kind === 'lost') this.lost = Number(words[0]);
    else if (kind === 'held') this.held = true;
    else this.#waiting.shift()?.reject(new Error(`the C peer says: ${line}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function commandLine({ under = [] }: CmapPeerOptions): [string, ...string[]] {
  const [wrapper, ...args] = under;
  const program = compileC('cmap-peer');
  return wrapper === undefined ? [program] : [wrapper, ...args, program];
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
