import type { MessageReader } from '../codec/message-reader.ts';
import { decodeCfgEvent, type CfgShutdownEvent } from '../codec/cfg/event.ts';
import { ReplyToShutdownRequest } from '../codec/cfg/reply-to-shutdown.ts';
import { TrackStartRequest } from '../codec/cfg/track.ts';
import type { CfgShutdownKind } from '../codec/cfg/try-shutdown.ts';
import type { ConnectionError } from '../errors/index.ts';
import { CALL_RULES, type CallOptions } from '../options/call-options.ts';
import { checkArgument, checkOptions } from '../options/check-options.ts';
import { callable, object, rule } from '../options/rules.ts';
import type { ServiceClient } from '../service/index.ts';

/** Somebody wants corosync on this node to shut down. */
export interface CfgShutdownRequest {
  /** `'request'`: the reply counts; `'regardless'`: it does not. A number is one that corosync does not define. */
  readonly kind: CfgShutdownKind | number;
  /** Aborts when the reply is not wanted any more. */
  readonly signal: AbortSignal;
}

/** Says whether corosync may shut down. */
export type CfgShutdownListener = (request: CfgShutdownRequest) => boolean | Promise<boolean>;

/** How long a reply may take, and how long to wait for corosync. */
export interface CfgShutdownTrackOptions extends CallOptions {
  /**
   * Milliseconds, 1 to 60000, after which a listener that has not replied has refused. Default 4000; it must be less than corosync's
   * `cfg.shutdown_timeout` (5000), or the reply could be taken for one to the next request.
   */
  readonly replyWithinMs?: number | undefined;
}

/** Has a say in shutdowns until it is closed. */
export interface CfgShutdownTracker extends AsyncDisposable {
  /** Resolves at the end: with the error if the connection was lost, with `undefined` after `close`. */
  whenClosed(): Promise<ConnectionError | undefined>;
  /** Has no say any more. Idempotent; never fails. */
  close(): Promise<void>;
}

const DEFAULTS = { replyWithinMs: 4000 } as const;
const trackRule = object<CfgShutdownTrackOptions, typeof DEFAULTS>(
  'trackShutdown',
  {
    ...CALL_RULES,
    replyWithinMs: rule(
      'a number of milliseconds from 1 to 60000',
      (value): value is number => typeof value === 'number' && value >= 1 && value <= 60_000,
    ),
  },
  { defaults: DEFAULTS },
);

const OPERATION = 'corosync_cfg_trackstart';
const SUBJECT = { operation: OPERATION };

/** Begins to track shutdowns on a connection of its own. */
export async function trackShutdown(
  service: ServiceClient,
  listener: CfgShutdownListener,
  given: CfgShutdownTrackOptions,
): Promise<CfgShutdownTracker> {
  const decide = checkArgument(SUBJECT, 'listener', listener, callable<CfgShutdownListener>());
  const { replyWithinMs, ...options } = checkOptions(SUBJECT, given, trackRule);
  const message = new TrackStartRequest();
  const replies = new ShutdownReplies(decide, replyWithinMs);
  const side = await service.openBeside(message, { options, receiver: replies }, (opened, rest) =>
    opened.submit(message, rest()),
  );
  replies.begin(side);
  return new Tracker(side);
}

/** The one implementation of CfgShutdownTracker. */
class Tracker implements CfgShutdownTracker {
  readonly #side: ServiceClient;

  constructor(side: ServiceClient) {
    this.#side = side;
  }

  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#side.whenClosed();
  }

  async close(): Promise<void> {
    await this.#side.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Replies to each request once, and never late: corosync counts replies, whoever sends them, and would take a late one for one to the
 * next request.
 */
class ShutdownReplies {
  readonly #decide: CfgShutdownListener;
  readonly #replyWithinMs: number;
  readonly #early: CfgShutdownEvent[] = [];
  #side: ServiceClient | undefined;
  #pending: AbortController | undefined;

  constructor(decide: CfgShutdownListener, replyWithinMs: number) {
    this.#decide = decide;
    this.#replyWithinMs = replyWithinMs;
  }

  decode(event: MessageReader): CfgShutdownEvent | undefined {
    return decodeCfgEvent(event);
  }

  deliver(event: CfgShutdownEvent): void {
    this.#pending?.abort();
    this.#pending = undefined;
    if (this.#side === undefined) this.#early.push(event);
    else if (!event.timedOut) void this.#reply(this.#side, event);
  }

  ended(): void {
    this.#pending?.abort();
  }

  /** A request may have come before the answer that we are tracking. */
  begin(side: ServiceClient): void {
    this.#side = side;
    const last = this.#early.pop();
    if (last !== undefined) this.deliver(last);
  }

  async #reply(side: ServiceClient, { kind }: CfgShutdownEvent): Promise<void> {
    const pending = new AbortController();
    this.#pending = pending;
    const agreed = await this.#decided({ kind, signal: pending.signal });
    // Another request has come meanwhile, or the tracker is closed.
    if (pending.signal.aborted) return;
    this.#pending = undefined;
    pending.abort();
    try {
      await side.submit(new ReplyToShutdownRequest(agreed));
    } catch {
      // The shutdown was cancelled or has happened: nobody waits for the reply.
    }
  }

  /**
   * A listener that throws, hangs, or says anything but true refuses: corosync lives on. What it throws is thrown where Node tells of it,
   * as any listener's.
   */
  async #decided(request: CfgShutdownRequest): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#replyWithinMs);
      request.signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    try {
      const agreed: unknown = await Promise.race([this.#decide(request), late]);
      return agreed === true;
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
