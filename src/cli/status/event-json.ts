import type { ClusterEvent } from '../../index.ts';
import { jsonLine } from '../printing/json.ts';
import { plainObject } from './plain-json.ts';

/** An event as an object of JSON: what all have first, then what this one has. Of the state only what most look for. */
export function eventObject(event: ClusterEvent): Record<string, unknown> {
  const { type, severity, message, heardAt, notBefore, inferred, explainedBy, state, ...details } = event;
  const { nodeId, link, ...rest } = details as typeof details & {
    readonly nodeId?: number;
    readonly link?: number;
  };
  return {
    type,
    severity,
    message,
    time: heardAt.toISOString(),
    notBefore: notBefore.toISOString(),
    inferred,
    explainedBy:
      explainedBy === undefined ? null : { type: explainedBy.type, node: explainedBy.nodeId ?? null },
    node: nodeId ?? null,
    name: state?.nodes.find(({ id }) => id === nodeId)?.name ?? null,
    link: link ?? null,
    ...plainObject(rest),
    quorate: state?.quorum.quorate ?? null,
    members: state?.nodes.filter((node) => node.state === 'member').map(({ id }) => id) ?? null,
  };
}

/** A line that a program reads. */
export function eventLine(event: ClusterEvent): string {
  return jsonLine(eventObject(event));
}
