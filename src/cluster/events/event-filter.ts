import {
  boolean,
  callable,
  integer,
  object,
  oneOf,
  rule,
  someOf,
  uint32,
  Unfit,
  type Rule,
} from '../../options/rules.ts';
import {
  READER_DEFAULTS,
  readerRules,
  type CheckedReaderOptions,
  type ReaderOptions,
} from '../../streams/reader-options.ts';
import {
  CLUSTER_SEVERITIES,
  type ClusterEvent,
  type ClusterEventType,
  type ClusterSeverity,
} from './event-types.ts';
import { EVENT_TYPES, isAtLeast } from './severity.ts';

/** Which events to read; what is not given leaves none out. */
export interface ClusterEventFilter extends ReaderOptions<ClusterEvent> {
  /** Of these types. */
  readonly types?: readonly ClusterEventType[] | undefined;
  /** About these nodes, by id or name: what is about no node is left out. */
  readonly nodes?: readonly (number | string)[] | undefined;
  /** About these links, by number: what is about no link is left out. */
  readonly links?: readonly number[] | undefined;
  /** That matter at least so much. */
  readonly minSeverity?: ClusterSeverity | undefined;
  /** That nothing else explains. */
  readonly unexplainedOnly?: boolean | undefined;
}

/** A filter that has been checked. */
export type CheckedEventFilter = ClusterEventFilter & CheckedReaderOptions<ClusterEvent>;

/** A listener that is told of events until it is closed. */
export interface ClusterEventListening extends Disposable {
  /** Tells it of nothing more. Idempotent. */
  close(): void;
}

const nodeRule: Rule<number | string> = (place, value) =>
  typeof value === 'string' && value !== '' ? value : uint32(place, value);

export const eventFilterRule = object<ClusterEventFilter, typeof READER_DEFAULTS>(
  'a filter of events',
  {
    ...readerRules<ClusterEvent>(),
    types: someOf(...EVENT_TYPES),
    nodes: listOf(nodeRule),
    links: listOf(integer(0, 7)),
    minSeverity: oneOf(...CLUSTER_SEVERITIES),
    unexplainedOnly: boolean,
  },
  { defaults: READER_DEFAULTS },
);

/** Whether a reader wants it. */
export function matches(event: ClusterEvent, filter: ClusterEventFilter): boolean {
  const { types, nodes, links, minSeverity, unexplainedOnly = false } = filter;
  if (types !== undefined && !types.includes(event.type)) return false;
  if (nodes !== undefined && !isAbout(event, nodes)) return false;
  if (links !== undefined && !('link' in event && links.includes(event.link))) return false;
  if (minSeverity !== undefined && !isAtLeast(event.severity, minSeverity)) return false;
  return !unexplainedOnly || event.explainedBy === undefined;
}

function isAbout(event: ClusterEvent, nodes: readonly (number | string)[]): boolean {
  if (!('nodeId' in event)) return false;
  const { nodeId, state } = event;
  const name = state.nodes.find(({ id }) => id === nodeId)?.name;
  return nodes.includes(nodeId) || (name !== undefined && nodes.includes(name));
}

function listOf<T>(element: Rule<T>): Rule<readonly T[]> {
  const isArray = rule('an array', (value): value is readonly unknown[] => Array.isArray(value));
  return (place, value) => {
    const given = isArray(place, value);
    if (given.length === 0) throw new Unfit(`${place} is []; it must have at least one element`);
    return Object.freeze(given.map((one, index) => element(`${place}[${index}]`, one)));
  };
}

export const severityPolicyRule = callable<(event: ClusterEvent) => ClusterSeverity | undefined>();
