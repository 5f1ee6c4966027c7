import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { CmapClient, type CmapConnectOptions, type TransportKind } from '../../../src/index.ts';
import { CmapPeer } from '../corosync/c-peer.ts';
import type { PeerOptions } from '../corosync/peer-process.ts';
import { Health } from './integration-health.ts';
import { PrivateCorosync, type IpcStats, type PrivateCorosyncOptions } from '../corosync/private-corosync.ts';
import { describeIntegration } from '../corosync/requirements.ts';
import { waitUntil } from '../wait-until.ts';

const TRANSPORTS: readonly TransportKind[] = ['shared-memory', 'socket'];

/** One corosync for a whole file, and the connections of one test. */
export class IntegrationSuite {
  /** What corosync offers its clients. */
  readonly transport: TransportKind;
  readonly #options: PrivateCorosyncOptions;
  readonly #clients: CmapClient[] = [];
  readonly #peers: CmapPeer[] = [];
  #corosync: PrivateCorosync | undefined;
  #health: Health | undefined;
  #eventsMayQueue = false;
  #tolerated: RegExp | undefined;

  constructor(transport: TransportKind, options: PrivateCorosyncOptions) {
    this.transport = transport;
    this.#options = { ...options, ipcType: transport === 'socket' ? 'socket' : 'shm' };
  }

  get corosync(): PrivateCorosync {
    if (this.#corosync === undefined) throw new Error('there is no corosync outside of the tests');
    return this.#corosync;
  }

  /** Our client; it is closed after the test. */
  async connect(options?: CmapConnectOptions): Promise<CmapClient> {
    const client = await CmapClient.connect(options);
    this.#clients.push(client);
    return client;
  }

  /** A libcmap client; it is stopped after the test. */
  async peer(map = 0, options?: PeerOptions): Promise<CmapPeer> {
    const peer = await CmapPeer.connected(map, options);
    this.#peers.push(peer);
    return peer;
  }

  /**
   * For a test whose event loop stands still, or spins for answers, longer than the event ring lasts: corosync then
   * counts each event that it must queue as a send_retry, as it does with a libcmap client that does not dispatch.
   */
  letEventsQueue(): void {
    this.#eventsMayQueue = true;
  }

  /** For tests in which corosync may complain so, or not. */
  tolerate(pattern: RegExp): void {
    this.#tolerated = pattern;
  }

  /** For a test that makes corosync complain: waits for the lines, all like `pattern`, and takes them off the log. */
  async expectLogged(pattern: RegExp): Promise<void> {
    const { corosync } = this;
    await waitUntil(`corosync logs ${pattern.source}`, () => complaints(corosync).length > 0);
    await this.takeOffLog(pattern);
  }

  /** The same for a test that makes corosync complain at some moments only. */
  async takeOffLog(pattern: RegExp): Promise<void> {
    const { corosync } = this;
    await corosync.logWritten();
    for (const line of complaints(corosync)) expect(line).toMatch(pattern);
    corosync.markLog();
  }

  async start(options: PrivateCorosyncOptions = {}): Promise<void> {
    this.#corosync = await PrivateCorosync.start({ ...this.#options, ...options });
    this.#health = new Health(this.#corosync);
  }

  /** For tests that kill corosync, or want another one. */
  async restart(options: PrivateCorosyncOptions = {}): Promise<void> {
    await this.#corosync?.stop();
    await this.start(options);
  }

  /** A test in which corosync crashed must not fail those after it. */
  async startTest(): Promise<void> {
    if (!this.corosync.running) await this.restart();
  }

  /** corosync must have nothing to say against our connections, and they must leave nothing behind. */
  async endTest(): Promise<void> {
    const { corosync } = this;
    try {
      if (!corosync.running) {
        const { exitCode } = corosync;
        throw new Error(`corosync ended during this test, exit status ${exitCode ?? 'unknown'}`);
      }
      corosync.resume();
      await this.#checkCounters();
      await this.#health?.check();
      await Promise.all(this.#clients.map((client) => client.close()));
      await waitUntil('corosync has removed our files', () => ourRings().length === 0);
      await corosync.logWritten();
      const said = this.#complaints();
      if (said.length > 0) corosync.markLog(); // one test's, not those of all that follow
      expect(said).toEqual([]);
    } finally {
      this.#eventsMayQueue = false;
      for (const client of this.#clients.splice(0)) client.destroy();
      await Promise.all(this.#peers.splice(0).map((peer) => peer.stop()));
    }
    await corosync.forgotten(); // or the next test would find their statistics, and less shared memory
  }

  #complaints(): string[] {
    return complaints(this.corosync).filter((line) => this.#tolerated?.test(line) !== true);
  }

  /** What corosync counts against a connection: requests it could not read, events it could not send, overload. */
  async #checkCounters(): Promise<void> {
    for (const { counters } of await this.corosync.ipcStats(process.pid)) {
      const { invalid_request, overload } = counters;
      expect({ invalid_request, overload }).toEqual({ invalid_request: 0, overload: 0 });
      if (this.transport === 'socket') checkNoAnswerLost(counters);
      else if (!this.#eventsMayQueue) expect(counters.send_retries ?? 0).toBe(0);
    }
  }

  /** The log is complete only when corosync is gone: it writes it from a thread. */
  async end(): Promise<void> {
    const corosync = this.#corosync;
    if (corosync === undefined) return;
    try {
      if (corosync.running) {
        corosync.kill('SIGTERM');
        await corosync.exited();
      }
      expect(this.#complaints()).toEqual([]);
      expect(ourRings()).toEqual([]);
    } finally {
      await corosync.stop();
    }
  }
}

/** Describes tests that share one private corosync, once for each transport; after each test the common checks are made. */
export function describeOnCorosync(
  name: string,
  define: (suite: IntegrationSuite) => void,
  options: PrivateCorosyncOptions = {},
  transports = TRANSPORTS,
): void {
  for (const transport of transports) {
    describeIntegration(`${name} (${transport})`, () => {
      const suite = new IntegrationSuite(transport, options);
      beforeAll(() => suite.start());
      beforeEach(() => suite.startTest());
      afterEach(() => suite.endTest());
      afterAll(() => suite.end());
      define(suite);
    });
  }
}

/** A send that is tried again is an event here, which waits its turn in a short queue; an answer would be lost. */
function checkNoAnswerLost({ requests, responses }: IpcStats['counters']): void {
  // A request that clears the statistics is forgotten, and its answer is not.
  expect(responses).toBeGreaterThanOrEqual(requests ?? 0);
}

/**
 * What corosync has said at warning or above. knet's lines are about the network, whoever the clients are. The other one
 * it says whenever a client goes, ours or libcmap's, for which it has events in its own queue: with datagram sockets, more than 11.
 */
function complaints(corosync: PrivateCorosync): string[] {
  const noise = /\[KNET +\]|qb_ipcs_event_send: Transport endpoint is not connected/;
  return corosync.logLines('warning').filter((line) => !noise.test(line));
}

/** Directories of the connections of a process, by default ours: libqb puts the client's pid in second place. */
export function ourRings(pid: number = process.pid): string[] {
  const ours = new RegExp(`^qb-\\d+-${pid}-`);
  return readdirSync('/dev/shm').filter((name) => ours.test(name));
}
