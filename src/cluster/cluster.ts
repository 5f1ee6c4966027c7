import { CsError } from '../errors/index.ts';
import { Deadline } from '../ipc/index.ts';
import { CallLimits, checkCallOptions, type CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { isAborted, reasonOf } from '../options/signals.ts';
import { startSession, type SessionCore } from '../session/index.ts';
import type { ClusterFreshness, ClusterState } from './cluster-state.ts';
import { configFileFor } from './drift/config-file.ts';
import {
  eventFilterRule,
  type ClusterEventFilter,
  type ClusterEventListening,
} from './events/event-filter.ts';
import type { ClusterEvent } from './events/event-types.ts';
import { LivePicture } from './live/live-picture.ts';
import { clusterRule, type ClusterOptions, type ClusterSnapshotOptions } from './options.ts';
import { ClusterServices } from './services.ts';
import { snapshot } from './snapshot.ts';

const READY = 'Cluster.ready';

/**
 * The cluster as one picture, made of what all services of corosync tell. It changes nothing. It lasts as long as its user wants: it waits for corosync,
 * connects again when it is lost, and always says whether what it knows still holds.
 */
export class Cluster implements AsyncDisposable {
  readonly #core: SessionCore<ClusterServices>;
  readonly #picture: LivePicture;
  readonly #limits: CallLimits;

  private constructor(core: SessionCore<ClusterServices>, picture: LivePicture, limits: CallLimits) {
    this.#core = core;
    this.#picture = picture;
    this.#limits = limits;
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  static open(options: ClusterOptions = {}): Cluster {
    const { backOff, staleAfterMs, severity, configFile, timeoutMs, ...place } = checkOptions(
      { operation: 'Cluster.open' },
      options,
      clusterRule,
    );
    const core = startSession({
      timeoutMs,
      backOff,
      connect: (attempt) => ClusterServices.connect({ ...place, timeoutMs, ...attempt }),
    });
    const file = configFileFor(configFile, place);
    const picture = new LivePicture({ staleAfterMs, severity, file });
    core.addFollower(picture, picture);
    void tellStatuses(core, picture);
    return new Cluster(core, picture, new CallLimits(timeoutMs));
  }

  /**
   * What the cluster is now, for scripts: connects to the services, asks each once, and leaves nothing behind. A cluster that changes while it is read is
   * read up to three times; `freshness` says whether it has settled.
   * @throws CsError and ConnectionError as `CmapClient.connect`; CsError CS_ERR_TIMEOUT: `timeoutMs`, which is for all of it, is up; CS_ERR_INVALID_PARAM: an
   *   option is wrong. An abort rejects with the signal's reason.
   */
  static snapshot(options?: ClusterSnapshotOptions): Promise<ClusterState> {
    return snapshot(options);
  }

  /** What is known; its `freshness` says whether it holds. `undefined` until corosync has been read once. It is replaced, never changed. */
  get state(): ClusterState | undefined {
    return this.#picture.states.value;
  }

  /** Whether the state holds; also while there is none. */
  get freshness(): ClusterFreshness {
    return this.#picture.freshness;
  }

  /**
   * The present state and every later one, for any number of readers; ends after `close`. A reader who is slow gets the newest, and not those between. A state
   * that is only confirmed is not told again.
   */
  states(): AsyncIterable<ClusterState> {
    return this.#picture.states.read();
  }

  /**
   * What happens to the cluster, for any number of readers. Each begins with a snapshot: what the events before it have led to. The loop ends after `close`. A
   * reader who is slow is told how much he has missed, and gets another snapshot.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  events(
    filter: ClusterEventFilter & { readonly listener: (event: ClusterEvent) => void },
  ): ClusterEventListening;
  events(filter?: Omit<ClusterEventFilter, 'listener'>): AsyncIterable<ClusterEvent>;
  events(filter: ClusterEventFilter = {}): AsyncIterable<ClusterEvent> | ClusterEventListening {
    const checked = checkOptions({ operation: 'Cluster.events' }, filter, eventFilterRule);
    const { events } = this.#picture;
    return checked.listener === undefined ? events.read(checked) : events.listen(checked);
  }

  /**
   * Resolves as soon as the state is fresh, with it.
   * @throws CsError CS_ERR_TIMEOUT: not within `timeoutMs` (by default that of `open`), caused by what went wrong last; CS_ERR_BAD_HANDLE: it is closed. An
   *   abort rejects with the signal's reason.
   */
  async ready(options?: CallOptions): Promise<ClusterState> {
    const { timeoutMs, signal } = checkCallOptions(options, this.#limits, READY);
    const deadline = new Deadline({ operation: READY, timeoutMs, signal });
    const states = this.states()[Symbol.asyncIterator]();
    // Ends the loop.
    const giveUp = (): void => void states.return?.();
    deadline.signal.addEventListener('abort', giveUp, { once: true });
    try {
      const { state } = this;
      this.#checkTime(deadline.signal, timeoutMs);
      if (state?.freshness.kind === 'fresh') return state;
      for (let next = await states.next(); next.done !== true; next = await states.next()) {
        const told: ClusterState = next.value;
        if (told.freshness.kind === 'fresh') return told;
      }
    } finally {
      deadline.dispose();
      await states.return?.();
    }
    this.#checkTime(deadline.signal, timeoutMs);
    throw closed();
  }

  /** Ends the connections, and the loops of all readers. Idempotent. */
  async close(): Promise<void> {
    // What is being read is its own, and would be waited for.
    this.#core.destroy();
    await this.#core.close();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkTime(signal: AbortSignal, timeoutMs: number): void {
    if (isAborted(signal)) throw this.#notReady(reasonOf(signal), timeoutMs);
  }

  /** The signal's own reason, or why the state was not fresh in time. */
  #notReady(reason: unknown, timeoutMs: number): unknown {
    if (!(reason instanceof CsError && reason.operation === READY)) return reason;
    const { freshness } = this;
    const cause = freshness.kind === 'stale' ? freshness.error : undefined;
    const words = freshness.kind === 'stale' ? `stale (${freshness.why})` : freshness.kind;
    const why = cause === undefined ? '' : `: ${cause.message}`;
    const detail = `the state is still ${words} after ${Math.round(timeoutMs)} ms${why}`;
    return new CsError('CS_ERR_TIMEOUT', { operation: READY, detail, cause });
  }
}

async function tellStatuses(core: SessionCore<ClusterServices>, picture: LivePicture): Promise<void> {
  for await (const status of core.statuses()) picture.noteStatus(status);
}

function closed(): CsError {
  const detail = 'the cluster has been closed; open another one';
  return new CsError('CS_ERR_BAD_HANDLE', { operation: READY, detail });
}
