import { escapeControls, show } from '../../errors/index.ts';
import { Subscription } from '../../streams/subscription.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { ClusterEvent, ClusterSeverity, Finding } from './event-types.ts';
import { matches, type CheckedEventFilter, type ClusterEventListening } from './event-filter.ts';
import { defaultSeverity } from './severity.ts';
import { snapshotMessage } from './narrator.ts';
import { CLUSTER_SEVERITIES } from './event-types.ts';

/** How much an event matters; `undefined`: as much as it says. */
export type ClusterSeverityPolicy = (event: ClusterEvent) => ClusterSeverity | undefined;

/** Hands events to any number of readers, each of which begins with a snapshot. */
export class EventHub {
  readonly #policy: ClusterSeverityPolicy | undefined;
  readonly #snapshotState: () => ClusterState | undefined;
  readonly #readers = new Map<Subscription<ClusterEvent>, CheckedEventFilter>();
  #ended = false;

  /** @param snapshotState the state that the events until now have led to */
  constructor(policy: ClusterSeverityPolicy | undefined, snapshotState: () => ClusterState | undefined) {
    this.#policy = policy;
    this.#snapshotState = snapshotState;
  }

  tell(findings: readonly Finding[], state: ClusterState | undefined): void {
    const heardAt = new Date();
    for (const finding of findings) {
      const event = this.#event(finding, state, heardAt);
      for (const [reader, filter] of [...this.#readers]) if (matches(event, filter)) reader.push(event);
    }
  }

  /** Each loop over it reads for itself, from a snapshot on. */
  read(filter: CheckedEventFilter): AsyncIterable<ClusterEvent> {
    return { [Symbol.asyncIterator]: () => this.#subscribe(filter)[Symbol.asyncIterator]() };
  }

  listen(filter: CheckedEventFilter): ClusterEventListening {
    const reader = this.#subscribe(filter);
    const close = (): void => this.#remove(reader);
    return Object.freeze({ close, [Symbol.dispose]: close });
  }

  /** Readers get what they have not read, and then their loops end. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.keys()) reader.end();
    this.#readers.clear();
  }

  #subscribe(filter: CheckedEventFilter): Subscription<ClusterEvent> {
    const reader: Subscription<ClusterEvent> = new Subscription<ClusterEvent>({
      operation: 'Cluster.events',
      listener: filter.listener,
      maxQueued: filter.maxQueued,
      catchUp: (missed) => this.#overflow(missed),
      onReturn: () => this.#remove(reader),
    });
    if (this.#ended) reader.end();
    else {
      this.#readers.set(reader, filter);
      for (const event of this.#snapshot()) if (matches(event, filter)) reader.push(event);
    }
    return reader;
  }

  #remove(reader: Subscription<ClusterEvent>): void {
    this.#readers.delete(reader);
    reader.clear();
    reader.end();
  }

  #snapshot(): readonly ClusterEvent[] {
    const state = this.#snapshotState();
    if (state === undefined) return [];
    return [this.#event({ type: 'snapshot', message: snapshotMessage(state) }, state, new Date())];
  }

  #overflow(missed: number): readonly ClusterEvent[] {
    const message = `${missed} events are missing: they were not read soon enough.`;
    return [
      this.#event({ type: 'overflow', missed, message }, this.#snapshotState(), new Date()),
      ...this.#snapshot(),
    ];
  }

  #event(finding: Finding, state: ClusterState | undefined, heardAt: Date): ClusterEvent {
    const { explainedBy, notBefore = heardAt, inferred = false, ...rest } = finding;
    const event = Object.freeze({
      ...rest,
      // It is for people: names in it could steer their terminals, or end a line of their logs.
      message: escapeControls(finding.message),
      severity: defaultSeverity(finding),
      heardAt,
      notBefore,
      inferred,
      ...(explainedBy === undefined ? {} : { explainedBy: Object.freeze(explainedBy) }),
      state,
    }) as ClusterEvent;
    const severity = this.#bySeverityPolicy(event);
    return severity === event.severity ? event : Object.freeze({ ...event, severity });
  }

  /** A mistake in the policy is its owner's, and surfaces as an uncaught exception; the event is told all the same. */
  #bySeverityPolicy(event: ClusterEvent): ClusterSeverity {
    try {
      const severity = this.#policy?.(event) ?? event.severity;
      if (CLUSTER_SEVERITIES.includes(severity)) return severity;
      throw new RangeError(
        `options.severity gave ${show(severity)} for ${event.type}; it must give one of ${CLUSTER_SEVERITIES.join(', ')}, or undefined`,
      );
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
      return event.severity;
    }
  }
}
