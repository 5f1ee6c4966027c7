import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileC, type CProgram } from './compile-c.ts';

export interface PeerOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Wait (for resumeDisconnect) each time the C library or libqb is about to disconnect. */
  readonly holdDisconnects?: boolean;
  /** A command to run it under, such as strace with its options. */
  readonly under?: readonly string[];
}

/** How bytes go to a peer and come from it: in hex, `-` for none, `null` for a NULL pointer. */
export const toHex = (value: string | Uint8Array | null): string =>
  value === null ? 'null' : Buffer.from(value).toString('hex') || '-';
export const fromHex = (word = '-'): Buffer => Buffer.from(word === '-' ? '' : word, 'hex');

/** Node ids as a peer prints them, `-` for none. */
export const parseIds = (word = '-'): number[] => (word === '-' ? [] : word.split(',').map(Number));

/** The sequence number is decimal digits in text. */
export interface PeerRingId {
  readonly nodeId: number;
  readonly seq: string;
}

/** A C reference client of test/c (see peer.h there) in a process of its own. Subclasses know the commands of theirs. */
export class PeerProcess implements AsyncDisposable {
  /** The code of a failed dispatch: corosync went away. */
  lost: number | undefined;
  /** True while it waits for resumeDisconnect. */
  held = false;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #onEvent: (kind: string, words: string[]) => void;
  readonly #waiting: { resolve: (words: string[]) => void; reject: (error: Error) => void }[] = [];

  /** @param onEvent is given each line that comes without a command, taken apart */
  constructor(program: CProgram, options: PeerOptions, onEvent: (kind: string, words: string[]) => void) {
    this.#onEvent = onEvent;
    const [command, ...args] = commandLine(compileC(program), options.under);
    const env = options.holdDisconnects === true ? { ...process.env, PEER_HOLD: '1' } : process.env;
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

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the C peer could not be started');
    return this.#process.pid;
  }

  /** The words of the answer, behind its `=`. */
  call(command: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new Error('the C peer ended'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${command}\n`);
    });
  }

  /** For commands that answer with a cs_error_t alone. */
  async code(command: string): Promise<number> {
    return Number((await this.call(command))[0]);
  }

  /** qb_ipcc_connect alone, for requests that the C library cannot be made to send. */
  rawConnect(): Promise<number> {
    return this.code('raw_connect');
  }

  /** qb_ipcc_sendv_recv: the bytes received, or a negative errno. */
  async raw(request: Uint8Array): Promise<{ result: number; response: Buffer }> {
    const [result, response] = await this.call(`raw ${toHex(request)}`);
    return { result: Number(result), response: fromHex(response) };
  }

  resumeDisconnect(): void {
    this.held = false;
    this.#process.stdin.write('\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends the program as its stdin ends: without finalize, the kernel closes the connection. */
  async stop(): Promise<void> {
    if (this.#process.pid === undefined || this.#ended) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGCONT');
    this.#process.stdin.end();
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 2000); // in a call that never returns
    await closed;
    clearTimeout(force);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  #onLine(line: string): void {
    const [kind = '', ...words] = line.split(' ');
    if (kind === '=') this.#waiting.shift()?.resolve(words);
    else if (kind === '?') this.#waiting.shift()?.reject(new Error(`the C peer says: ${line}`));
    else if (kind === 'lost') this.lost = Number(words[0]);
    else if (kind === 'held') this.held = true;
    else this.#onEvent(kind, words);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function commandLine(program: string, [wrapper, ...args]: readonly string[] = []): [string, ...string[]] {
  return wrapper === undefined ? [program] : [wrapper, ...args, program];
}
