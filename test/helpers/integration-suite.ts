import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { CmapClient, type ConnectOptions } from '../../src/index.ts';
import { CmapPeer, type CmapPeerOptions } from './c-peer.ts';
import { PrivateCorosync, type PrivateCorosyncOptions } from './private-corosync.ts';
import { describeIntegration } from './requirements.ts';
import { waitUntil } from './wait-until.ts';

/** One corosync for a whole file, and the connections of one test. */
export class IntegrationSuite {
  readonly #options: PrivateCorosyncOptions;
  readonly #clients: CmapClient[] = [];
  readonly #peers: CmapPeer[] = [];
  #corosync: PrivateCorosync | undefined;
  #eventsMayQueue = false;
  #tolerated: RegExp | undefined;

  constructor(options: PrivateCorosyncOptions) {
    this.#options = options;
  }

  get corosync(): PrivateCorosync {
    if (this.#corosync === undefined) throw new Error('there is no corosync outside of the tests');
    return this.#corosync;
  }

  /** Our client; it is closed after the test. */
  async connect(options?: ConnectOptions): Promise<CmapClient> {
    const client = await CmapClient.connect(options);
    this.#clients.push(client);
    return client;
  }

  /** A libcmap client; it is stopped after the test. */
  async peer(map = 0, options?: CmapPeerOptions): Promise<CmapPeer> {
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
    // It writes the log from a thread, so that lines may still come: look until there are no more.
    for (let seen = 0; seen < complaints(corosync).length;) {
      seen = complaints(corosync).length;
      await sleep(100);
    }
    for (const line of complaints(corosync)) expect(line).toMatch(pattern);
    corosync.markLog();
  }

  async start(options: PrivateCorosyncOptions = {}): Promise<void> {
    this.#corosync = await PrivateCorosync.start({ ...this.#options, ...options });
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
      await checkCounters(corosync, this.#eventsMayQueue);
      await Promise.all(this.#clients.map((client) => client.close()));
      await waitUntil('corosync has removed our rings', () => ourRings().length === 0);
      const said = this.#complaints();
      if (said.length > 0) corosync.markLog(); // one test's, not those of all that follow
      expect(said).toEqual([]);
    } finally {
      this.#eventsMayQueue = false;
      for (const client of this.#clients.splice(0)) client.destroy();
      await Promise.all(this.#peers.splice(0).map((peer) => peer.stop()));
    }
  }

  #complaints(): string[] {
    return complaints(this.corosync).filter((line) => this.#tolerated?.test(line) !== true);
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

/** Describes tests that share one private corosync; after each of them the common checks are made. */
export function describeOnCorosync(
  name: string,
  define: (suite: IntegrationSuite) => void,
  options: PrivateCorosyncOptions = {},
): void {
  describeIntegration(name, () => {
    const suite = new IntegrationSuite(options);
    beforeAll(() => suite.start());
    beforeEach(() => suite.startTest());
    afterEach(() => suite.endTest());
    afterAll(() => suite.end());
    define(suite);
  });
}

/** What corosync counts against a connection: requests it could not read, events it could not send, overload. */
async function checkCounters(corosync: PrivateCorosync, eventsMayQueue: boolean): Promise<void> {
  for (const { counters } of await corosync.ipcStats(process.pid)) {
    const { invalid_request, overload, send_retries = 0 } = counters;
    expect({ invalid_request, overload, send_retries: eventsMayQueue ? 0 : send_retries }).toEqual({
      invalid_request: 0,
      overload: 0,
      send_retries: 0,
    });
  }
}

/** What corosync has said at warning or above. knet's lines are about the network, whoever the clients are. */
function complaints(corosync: PrivateCorosync): string[] {
  return corosync.logLines('warning').filter((line) => !/\[KNET +\]/.test(line));
}

/** Directories of our connections: libqb puts the client's pid in second place. */
export function ourRings(): string[] {
  const ours = new RegExp(`^qb-\\d+-${process.pid}-`);
  return readdirSync('/dev/shm').filter((name) => ours.test(name));
}
