import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { corosyncConf, type CorosyncConfOptions } from './corosync-conf.ts';
import { inPrivateNamespace } from './private-namespace.ts';
import { threadsHaveSlept } from '../at-rest.ts';
import { waitUntil } from '../wait-until.ts';

const run = promisify(execFile);

const SHARED_MEMORY = '/dev/shm';
const START_TIMEOUT_MS = 40_000;
const STOP_TIMEOUT_MS = 20_000;

/** corosync's names for its levels, mildest first. */
const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'crit', 'alert', 'emerg'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface PrivateCorosyncOptions extends CorosyncConfOptions {
  /** Default: a file in a fresh directory that stop() removes. */
  readonly logFile?: string;
  /** A command to run it under, which has to execute what follows as its own process: `prlimit --nofile=60`, word by word. */
  readonly under?: readonly string[];
}

/** The counters of one connection, from the stats map. */
export interface IpcStats {
  readonly procname: string;
  /** invalid_request, send_retries, overload, requests, queued, flow_control, ... */
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * A corosync of one node for one test, inside scripts/in-namespaces.sh. Its sockets have fixed abstract names, so
 * only one can run at a time.
 */
export class PrivateCorosync {
  readonly directory: string;
  readonly logFile: string;
  readonly ipcType: 'shm' | 'socket';
  readonly #process: ChildProcess;
  readonly #stderrFile: string;
  /** Is set when the last of its services is ready. */
  readonly #lastKey: string;
  readonly #pauses: { readonly from: number; to: number }[] = [];
  #mark = 0;

  private constructor(options: PrivateCorosyncOptions) {
    this.ipcType = options.ipcType ?? 'shm';
    // /run is private and goes away with the namespace, even if nobody calls stop().
    this.directory = mkdtempSync('/run/corosync-client-');
    this.logFile = options.logFile ?? join(this.directory, 'corosync.log');
    this.#stderrFile = join(this.directory, 'stderr');
    this.#lastKey =
      options.provider === 'none' ? 'runtime.members.1.status' : 'runtime.votequorum.this_node_id';
    const conf = join(this.directory, 'corosync.conf');
    writeFileSync(conf, corosyncConf(this.logFile, options));
    const stderr = openSync(this.#stderrFile, 'w');
    const [command, ...words] = [...(options.under ?? []), 'corosync', '-f', '-c', conf];
    this.#process = spawn(command, words, { stdio: ['ignore', 'ignore', stderr] });
    closeSync(stderr);
    this.#process.on('error', () => undefined); // #ready() sees that there is no pid
  }

  static async start(options: PrivateCorosyncOptions = {}): Promise<PrivateCorosync> {
    if (!inPrivateNamespace()) throw new Error('PrivateCorosync runs only inside scripts/in-namespaces.sh');
    await waitUntil(
      'another corosync is running in this network namespace (its socket "cmap" is bound)',
      () => !socketBound(),
      {
        timeoutMs: 3000,
      },
    );
    const corosync = new PrivateCorosync(options);
    try {
      await waitUntil('corosync is ready', () => corosync.#ready(), { timeoutMs: START_TIMEOUT_MS });
      await corosync.forgotten();
      await corosync.logWritten();
    } catch (error) {
      const said = corosync.#output();
      await corosync.stop();
      throw new Error(`corosync did not start; it said:\n${said}`, { cause: error });
    }
    corosync.markLog();
    return corosync;
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error('corosync could not be executed; is it installed?');
    return pid;
  }

  get running(): boolean {
    return (
      this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  /** 139 after a crash, as a shell would show it; undefined while it runs. */
  get exitCode(): number | undefined {
    const { exitCode, signalCode } = this.#process;
    if (signalCode !== null) return 128 + constants.signals[signalCode];
    return exitCode ?? undefined;
  }

  /**
   * SIGTERM, and SIGKILL if that does not help. Fine if corosync is gone already. Then removes what is left of it,
   * in shared memory too: to see what it leaves behind itself, use kill('SIGTERM') and exited() first.
   */
  async stop(): Promise<void> {
    if (this.running) {
      this.resume(); // a stopped process does not see SIGTERM
      this.#process.kill('SIGTERM');
      const force = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await this.exited();
      clearTimeout(force);
    }
    rmSync(this.directory, { recursive: true, force: true });
    this.#removeSharedMemory();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Sends a signal; if corosync dies of it, await exited() to know when it is gone. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async exited(): Promise<void> {
    if (this.running) await once(this.#process, 'exit');
  }

  /** SIGSTOP: corosync is there, accepts connections (the kernel does) and answers nothing. */
  pause(): void {
    this.#pauses.push({ from: Date.now(), to: Infinity });
    this.kill('SIGSTOP');
  }

  resume(): void {
    this.kill('SIGCONT');
    const last = this.#pauses.at(-1);
    if (last !== undefined) last.to = Math.min(last.to, Date.now());
  }

  /** When it was paused, in ms since 1970. */
  get pauses(): readonly { readonly from: number; readonly to: number }[] {
    return this.#pauses;
  }

  /** The whole log. */
  log(): string {
    return readIfThere(this.logFile);
  }

  /** Resolves when all that corosync has said so far is in the log: a thread of its own writes it, and sleeps when it has. */
  async logWritten(): Promise<void> {
    if (this.running) await threadsHaveSlept(this.pid);
  }

  /** From here on logLines() looks; start() sets the first mark, behind the warnings every start gives. */
  markLog(): void {
    this.#mark = this.log().length;
  }

  /**
   * The lines since the mark that are at this level or above. Complaints that corosync got no CPU time are left
   * out: they are about the machine (or pause()), never about a client.
   */
  logLines(level: LogLevel): string[] {
    const wanted = LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
    const pattern = new RegExp(`\\bcorosync (?:${wanted.join('|')})\\s`);
    const lines = this.log().slice(this.#mark).split('\n');
    return lines.filter((line) => pattern.test(line) && !line.includes('process was not scheduled'));
  }

  /** What is in shared memory beside corosync's own flight recorder: rings of connections, empty directories. */
  sharedMemoryLeftovers(): string[] {
    const names = readdirSync(SHARED_MEMORY).filter((name) => name.startsWith('qb-'));
    return names.filter((name) => !/^qb-corosync-\d+-blackbox-(?:header|data)$/.test(name)).sort();
  }

  /** Resolves when corosync has given back what it held for clients that have ended: it gets round to it after they have gone. */
  async forgotten(): Promise<void> {
    const ofClients = new RegExp(`^qb-${this.pid}-(\\d+)-`);
    const isLeft = (name: string): boolean => {
      const [, client] = ofClients.exec(name) ?? [];
      return client !== undefined && !existsSync(`/proc/${client}`);
    };
    await waitUntil(
      'corosync has removed the files of who has gone',
      () => !readdirSync(SHARED_MEMORY).some(isLeft),
    );
  }

  /** The cmap connections of a process as corosync counts them, but for those that go while it is read. */
  async ipcStats(pid: number): Promise<IpcStats[]> {
    const { stdout } = await run('corosync-cmapctl', ['-m', 'stats', `stats.ipcs.service0.${pid}.`]).catch(
      noKeys,
    );
    return parseIpcStats(stdout);
  }

  /** The keys of the stats map that start with `prefix`, with their values as corosync-cmapctl prints them. */
  async statistics(prefix: string): Promise<ReadonlyMap<string, string>> {
    const { stdout } = await run('corosync-cmapctl', ['-m', 'stats', prefix]).catch(noKeys);
    return new Map(
      [...stdout.matchAll(/^(\S+) \(\w+\) = (.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
    );
  }

  async #ready(): Promise<boolean> {
    if (!this.running) throw new Error(`corosync ended at once, exit status ${this.exitCode ?? 'unknown'}`);
    // Asked in this order: libcmap waits for ever if it connects while corosync is still starting its services.
    if (!this.log().includes('ready to provide service')) return false;
    const key = await run('corosync-cmapctl', ['-g', this.#lastKey]).catch(noKeys);
    return key.stdout.includes(' = ');
  }

  #removeSharedMemory(): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    const ours = new RegExp(`^qb-(?:corosync-)?${pid}-`);
    for (const name of readdirSync(SHARED_MEMORY).filter((candidate) => ours.test(candidate))) {
      rmSync(join(SHARED_MEMORY, name), { recursive: true, force: true });
    }
  }

  #output(): string {
    return `${this.log()}${readIfThere(this.#stderrFile)}`;
  }
}

/** corosync-cmapctl fails when there is no such key, which is an answer too. */
function noKeys(): { stdout: string } {
  return { stdout: '' };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Abstract names are shown with @ for each NUL, the padding included; files are where libqb makes them. */
function socketBound(): boolean {
  return / (?:@|\/(?:var\/)?run\/|\/tmp\/)cmap@*$/m.test(readFileSync('/proc/net/unix', 'utf8'));
}

function parseIpcStats(text: string): IpcStats[] {
  const connections = new Map<string, { procname: string; counters: Record<string, number> }>();
  for (const [, id = '', name = '', value = ''] of text.matchAll(
    /^stats\.ipcs\.service0\.\d+\.(\w+)\.(\w+) \(\w+\) = (.*)$/gm,
  )) {
    const stats = connections.get(id) ?? { procname: '', counters: {} };
    connections.set(id, stats);
    if (name === 'procname') stats.procname = value;
    else stats.counters[name] = Number(value);
  }
  return [...connections.values()].filter(isWhole);
}

/** What each connection has. */
const COUNTERS = ['requests', 'responses', 'dispatched', 'invalid_request', 'overload', 'send_retries'];

/** One that goes while its keys are read has lost some of them. */
function isWhole({ counters }: IpcStats): boolean {
  return COUNTERS.every((name) => counters[name] !== undefined);
}
