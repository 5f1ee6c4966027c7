import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { FakeService } from '../faults/request-names.ts';
import type { ServerConnection } from '../server/server-connection.ts';
import type { Reply, RequestContext, ServedService, Service } from '../server/service.ts';
import { looks, Reads } from './reads.ts';
import { SlowClients } from './slow-clients.ts';

/** How long a client is waited for that may never come back, or never ask again, in milliseconds. */
const PATIENCE_MS = 2000;
/** All must be well so often in a row: a client begins to read in a later turn than the one in which it was told. */
const LOOKS_IN_A_ROW = 4;
/** Between two of them, in milliseconds. */
const PAUSE_MS = 2;
/** Beyond what corosync takes to find out: a client has timers of its own. */
const MARGIN_MS = 100;
/** Where this process stands still for such a part of what corosync takes to find out, a client may begin to find out anew: half a token timeout and less. */
const STANDSTILL = 0.15;

/** What is to be waited for. */
export interface Waiting {
  /** Whether corosync runs: clients come back to one that does. */
  readonly running: boolean;
  /** Something else that must be done. */
  readonly done: () => boolean;
  /** Tells what has not been told. */
  readonly tell: () => void;
  /** How many events have been sent. */
  readonly events: () => number;
  /** Milliseconds that corosync takes to find out who is there, when it is back. */
  readonly settleMs: number;
}

/** The clients of a fake: what they have been told, what they have read, and who is still to come back. */
export class Audience {
  readonly #reads = new Map<ServerConnection, Reads>();
  /** How many there were of each service when corosync ended. */
  #missing: ReadonlyMap<FakeService, number> = new Map();
  /** Since when they have to find out what has happened meanwhile, on the clock of performance.now(). */
  #backAt = -Infinity;
  /** How many events clients have been told, and when the last, on the clock of performance.now(). */
  #events = 0;
  #toldAt = -Infinity;

  /** The same service, whose clients are heard. */
  hear(served: ServedService<ServerConnection>): ServedService<ServerConnection> {
    return {
      ...served,
      open: (connection) => {
        const service = served.open(connection);
        const reads = new Reads();
        this.#reads.set(connection, reads);
        return {
          handle: (request, context) => handled(served, service, reads, request, context),
          isAnswered: (request) => service.isAnswered?.(request) ?? true,
          close: (gone) => {
            this.#reads.delete(connection);
            service.close(gone);
          },
        };
      },
    };
  }

  /** corosync ends: its clients will come back. */
  ending(): void {
    if (this.#reads.size > 0) this.#missing = this.#counts();
  }

  /** corosync is back. */
  back(): void {
    this.#backAt = performance.now();
  }

  /**
   * Resolves when all clients have taken what they were told, and know what holds of all that they have ever asked. Who does not come
   * back, or does not ask again, is not waited for longer than two seconds.
   * @throws Error: a client does not take what it is told
   */
  async caughtUp({ running, done, tell, events, settleMs }: Waiting): Promise<void> {
    const startedAt = performance.now();
    const slow = new SlowClients();
    for (let inARow = 0; inARow < LOOKS_IN_A_ROW;) {
      tell();
      const pausedAt = performance.now();
      await sleep(PAUSE_MS);
      await turn();
      this.#noteEvents(events());
      slow.look(this.#reads.keys());
      if (performance.now() - pausedAt > settleMs * STANDSTILL + PAUSE_MS) this.back();
      const waitedMs = performance.now() - startedAt - this.#settlesInMs(settleMs, startedAt);
      if (waitedMs > PATIENCE_MS && this.#givesUp(slow)) return;
      inARow = done() && this.#hasCaughtUp(running, settleMs) ? inARow + 1 : 0;
    }
    if (running) this.#missing = new Map();
  }

  #hasCaughtUp(running: boolean, settleMs: number): boolean {
    if (!running) return true;
    if (![...this.#reads.keys()].every(({ atRest }) => atRest)) return false;
    if (!this.#complete || performance.now() < this.#settledAt(settleMs)) return false;
    return [...this.#reads.values()].every(
      (reads) => !reads.readsSince(this.#toldAt) && !reads.holdsBack && reads.current,
    );
  }

  #noteEvents(count: number): void {
    if (count === this.#events) return;
    this.#events = count;
    this.#toldAt = performance.now();
  }

  /** Whether all have come back. */
  get #complete(): boolean {
    const counts = this.#counts();
    return [...this.#missing].every(([service, count]) => (counts.get(service) ?? 0) >= count);
  }

  /** They find out by time what has happened while corosync was away, counted from when they have read it all for the first time. */
  #settledAt(settleMs: number): number {
    if (settleMs === 0 || this.#backAt === -Infinity || this.#reads.size === 0) return 0;
    const asked = [...this.#reads.values()].map(({ askedNewAt }) => askedNewAt);
    return Math.max(this.#backAt, ...(this.#missing.size > 0 ? asked : [])) + settleMs + MARGIN_MS;
  }

  #settlesInMs(settleMs: number, since: number): number {
    return Math.max(this.#settledAt(settleMs) - since, 0);
  }

  /** Not on a client that is taking what it was told. */
  #givesUp(slow: SlowClients): boolean {
    const still = slow.longerThan(PATIENCE_MS);
    if (still === undefined && slow.exist) return false;
    this.#missing = new Map();
    if (still === undefined) return true;
    throw new Error(
      `client ${still.number}, of ${still.serviceName}, has not taken for ${PATIENCE_MS} ms what it was told: it stands still`,
    );
  }

  #counts(): ReadonlyMap<FakeService, number> {
    const counts = new Map<FakeService, number>();
    for (const { serviceName } of this.#reads.keys())
      counts.set(serviceName, (counts.get(serviceName) ?? 0) + 1);
    return counts;
  }
}

function handled(
  served: ServedService<ServerConnection>,
  service: Service,
  reads: Reads,
  request: Buffer,
  context: RequestContext,
): Reply | undefined {
  const reply = service.handle(request, context);
  const subject = served.subjectOf(request);
  if (!Buffer.isBuffer(reply) || !looks(subject)) return reply;
  const copy = Buffer.from(request);
  reads.note(subject, copy, reply, () => {
    const again = service.handle(copy, { reread: () => copy, answerLater: () => undefined });
    return Buffer.isBuffer(again) ? again : undefined;
  });
  return reply;
}
