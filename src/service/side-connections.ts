import { ConnectionError, CsError } from '../errors/index.ts';
import { onAbort, within } from '../ipc/index.ts';
import { CallLimits } from '../options/call-options.ts';

/** What a call is about, for its errors. */
export interface CallSubject {
  readonly operation: string;
  readonly key?: string | undefined;
}

/** What a side connection is made of. */
interface Closable {
  whenClosed(): Promise<unknown>;
  close(): Promise<void>;
  destroy(error?: unknown): void;
}

/** A call on a side connection: its limits hold for connecting and all that follows. */
export interface SideCall<S> {
  readonly subject: CallSubject;
  readonly limits: CallLimits;
  /** Calls of the same lane are made one after the other. Without one, nothing waits. */
  readonly lane?: string | undefined;
  connect(limits: CallLimits): Promise<S>;
}

/** @param rest what is left of the call's limits */
export type Use<S, T> = (side: S, rest: () => CallLimits) => Promise<T>;

/** What of the call is under way: `giveUp` ends it. */
interface UnderWay {
  readonly giveUp: AbortController;
  readonly over: Promise<unknown>;
}

/**
 * Connections of a client beside its own, each for one call: one whose answer comes late, so that nothing waits behind it, or one
 * that hears events of its own.
 */
export class SideConnections<S extends Closable> {
  readonly #underWay = new Set<UnderWay>();
  readonly #lanes = new Map<string, Promise<unknown>>();
  /** Those that live on. */
  readonly #kept = new Set<S>();
  /** What has ended the client, if it was lost. */
  #lost: ConnectionError | undefined;

  /** Connects, lets `use` have the connection, and closes it. What `use` has not awaited by then is given up. */
  use<T>(call: SideCall<S>, use: Use<S, T>): Promise<T> {
    return this.#run(call, (rest) => connectAndUse(call, rest, use));
  }

  /** Connects and lets `begin` have the connection, which then lives on as long as the client. */
  open(call: SideCall<S>, begin: Use<S, unknown>): Promise<S> {
    return this.#run(call, async (rest) => {
      const side = await notSent(call.subject, call.connect(rest()));
      if (this.#lost !== undefined) {
        side.destroy(this.#lost);
        return notSent(call.subject, Promise.reject(this.#lost));
      }
      this.#kept.add(side);
      void side.whenClosed().then(() => this.#kept.delete(side));
      try {
        await begin(side, rest);
        return side;
      } catch (error) {
        await side.close();
        throw error;
      }
    });
  }

  /** Resolves when no call is under way, and all connections are closed. */
  async close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all([...this.#underWay].map(({ over }) => over));
    await Promise.all([...this.#kept].map((side) => side.close()));
  }

  /** The client is lost, and with it the connections that live on. A call that is under way has its own, and may succeed. */
  lost(error: ConnectionError): void {
    this.#lost = error;
    for (const side of this.#kept) side.destroy(error);
  }

  /** Ends all calls and connections at once. */
  destroy(cause: unknown): void {
    const detail = 'the connection was destroyed';
    for (const { giveUp } of this.#underWay)
      giveUp.abort(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail, cause }));
    for (const side of this.#kept) side.destroy(cause);
  }

  #run<T>(call: SideCall<S>, run: (rest: () => CallLimits) => Promise<T>): Promise<T> {
    const giveUp = new AbortController();
    const { signal } = call.limits;
    const stopWatching = signal && onAbort(signal, (reason) => giveUp.abort(reason));
    const startedAt = performance.now();
    const limits = new CallLimits(call.limits.timeoutMs, giveUp.signal);
    const rest = (): CallLimits => limits.restSince(startedAt);
    const result = this.#inLane(call, rest, () => run(rest));
    const underWay = { giveUp, over: result.catch(() => undefined) };
    this.#underWay.add(underWay);
    return result.finally(() => {
      this.#underWay.delete(underWay);
      stopWatching?.();
    });
  }

  async #inLane<T>(
    { subject, lane }: SideCall<S>,
    rest: () => CallLimits,
    run: () => Promise<T>,
  ): Promise<T> {
    if (lane === undefined) return run();
    const before = this.#lanes.get(lane) ?? Promise.resolve();
    // Who gives up while he waits leaves his place to the next, who still waits for those before.
    const { timeoutMs, signal } = rest();
    const turn = within(before, { ...subject, timeoutMs, signal }).then(run);
    const over = Promise.allSettled([before, turn]);
    this.#lanes.set(lane, over);
    const result = await turn.finally(() => {
      if (this.#lanes.get(lane) === over) this.#lanes.delete(lane);
    });
    return result;
  }
}

async function connectAndUse<S extends Closable, T>(
  call: SideCall<S>,
  rest: () => CallLimits,
  use: Use<S, T>,
): Promise<T> {
  const side = await notSent(call.subject, call.connect(rest()));
  try {
    return await use(side, rest);
  } finally {
    await side.close();
  }
}

/** For what comes before the request of a call: if it fails, the request was not sent, and it is the call that has failed. */
export async function notSent<T>({ operation, key }: CallSubject, before: Promise<T>): Promise<T> {
  try {
    return await before;
  } catch (error) {
    if (!(error instanceof CsError)) throw error;
    const { code, errno, message } = error;
    const context = { operation, key, errno, detail: message, sent: 'no', cause: error } as const;
    throw error instanceof ConnectionError ? new ConnectionError(code, context) : new CsError(code, context);
  }
}
