import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { corosyncConf } from '../test/helpers/corosync/corosync-conf.ts';
import { PrivateCorosync } from '../test/helpers/corosync/private-corosync.ts';
import { waitUntil } from '../test/helpers/wait-until.ts';
import type { Totals } from './totals.ts';

const run = promisify(execFile);
const SHARED_MEMORY = '/dev/shm';
const FILLER = join(SHARED_MEMORY, 'soak-filler');
/** What the filler leaves: less than a connection with the usual buffers takes. */
const LEAVE_BYTES = 1024 * 1024;
/** After a killed server our clients look for some time whether it is really gone. */
const CLEAN_UP_MS = 5000;
/** corosync keeps what it once queued for a client that did not read for a while. */
const MOST_GROWTH_BYTES = 256 * 1024 * 1024;

/** What a client makes corosync say that is killed or starved, or interrupted in a large message (error 16); anything else is worth a look. */
const EXPECTED_COMPLAINTS =
  /event_send|No space left on device|couldn't create (?:file|circular)|Error in connection setup|qb_rb_open|Resource deadlock|\[KNET +\]|shm connection FAILED|rb_create|Could not create|can't mcast to group .* error:16$/i;

/** The private corosync, which comes and goes. */
export class Server {
  readonly #ipcType: 'shm' | 'socket';
  readonly #totals: Totals;
  #corosync: PrivateCorosync;
  #firstBytes: number;
  #reloads = 0;
  readonly complaints: string[] = [];

  private constructor(ipcType: 'shm' | 'socket', corosync: PrivateCorosync, totals: Totals) {
    this.#ipcType = ipcType;
    this.#corosync = corosync;
    this.#totals = totals;
    this.#firstBytes = residentBytes(corosync.pid);
  }

  static async start(ipcType: 'shm' | 'socket', totals: Totals): Promise<Server> {
    return new Server(ipcType, await PrivateCorosync.start({ ipcType }), totals);
  }

  get running(): boolean {
    return this.#corosync.running;
  }

  get pid(): number {
    return this.#corosync.pid;
  }

  /** SIGSTOP for a while. */
  async pause(ms: number): Promise<void> {
    this.#corosync.pause();
    await sleep(ms);
    this.#corosync.resume();
  }

  /** @param ownPids our own clients that live: they must remove what a killed server leaves of their connections. */
  async restart(
    signal: 'SIGTERM' | 'SIGKILL',
    downMs: number,
    ownPids: () => readonly number[],
  ): Promise<void> {
    const dead = this.#corosync;
    this.#look();
    dead.kill(signal);
    await dead.exited();
    await sleep(downMs);
    await this.#checkLeftovers(dead, ownPids);
    this.#listen(dead);
    await dead.stop();
    this.#corosync = await PrivateCorosync.start({ ipcType: this.#ipcType });
    this.#firstBytes = residentBytes(this.#corosync.pid);
  }

  /** Edits corosync.conf and lets corosync read it again. */
  async reload(): Promise<void> {
    this.#reloads += 1;
    const { directory, logFile } = this.#corosync;
    const config = { totem: `token: ${3000 + this.#reloads}` };
    writeFileSync(
      join(directory, 'corosync.conf'),
      corosyncConf(logFile, { ipcType: this.#ipcType, config }),
    );
    await run('corosync-cfgtool', ['-R']);
  }

  /** Fills the shared memory that corosync's rings are in. */
  async starve(ms: number): Promise<void> {
    const { stdout } = await run('df', ['--output=avail', '-B1', SHARED_MEMORY]);
    const free = Number(stdout.split('\n')[1]);
    // If somebody has connected meanwhile it fails, and leaves it as full as can be.
    await run('fallocate', ['-l', String(Math.max(free - LEAVE_BYTES, 1)), FILLER]).catch(() => undefined);
    await sleep(ms);
    rmSync(FILLER, { force: true });
  }

  /** At a quiet point: who has connections is known, so everything else in shared memory is a leak. */
  async checkQuiet(pids: readonly number[]): Promise<void> {
    this.#look();
    this.#listen(this.#corosync);
    await waitUntil('only living clients have rings', () => this.#strangers(pids).length === 0, {
      timeoutMs: CLEAN_UP_MS,
    }).catch(() => this.#totals.leak(`in shared memory: ${this.#strangers(pids).join(', ')}`));
  }

  async stop(): Promise<void> {
    this.#listen(this.#corosync);
    await this.#corosync.stop();
  }

  /** Ring directories of nobody who lives. */
  #strangers(pids: readonly number[]): string[] {
    return ringDirectories()
      .filter(({ server, client }) => server === this.pid && !pids.includes(client))
      .map(({ name }) => name);
  }

  async #checkLeftovers(dead: PrivateCorosync, ownPids: () => readonly number[]): Promise<void> {
    const left = (): string[] =>
      ringDirectories()
        .filter(({ server, client }) => server === dead.pid && ownPids().includes(client))
        .map(({ name }) => name);
    await waitUntil('our clients have cleaned up', () => left().length === 0, {
      timeoutMs: CLEAN_UP_MS,
    }).catch(() => this.#totals.leak(`after a killed server: ${left().map(describeRings).join(', ')}`));
  }

  /** How much corosync has grown, and whether it lives at all. */
  #look(): void {
    if (!this.running) {
      this.#totals.mismatch(`corosync has ended by itself, exit status ${String(this.#corosync.exitCode)}`);
      return;
    }
    const growth = residentBytes(this.pid) - this.#firstBytes;
    this.#totals.corosyncGrowthBytes = Math.max(this.#totals.corosyncGrowthBytes, growth);
    if (growth > MOST_GROWTH_BYTES) this.#totals.leak(`corosync has grown by ${growth} bytes`);
  }

  #listen(corosync: PrivateCorosync): void {
    this.complaints.push(...corosync.logLines('warning').filter((line) => !EXPECTED_COMPLAINTS.test(line)));
    corosync.markLog();
  }
}

function ringDirectories(): { name: string; server: number; client: number }[] {
  return readdirSync(SHARED_MEMORY).flatMap((name) => {
    const [, server, client] = /^qb-(\d+)-(\d+)-\d+-/.exec(name) ?? [];
    return server === undefined ? [] : [{ name, server: Number(server), client: Number(client) }];
  });
}

function describeRings(name: string): string {
  return `${name} (${readdirSync(join(SHARED_MEMORY, name)).join(' ')})`;
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
