import { describe, expect, it } from 'vitest';
import { HeldLinks } from '../../../src/cluster/events/held-links.ts';
import { clusterState } from '../../../src/cluster/picture.ts';
import type { ClusterState } from '../../../src/index.ts';
import { three } from '../reports.ts';

const TIMES = { members: 5000, links: 900 };
const whole = clusterState(three(), { kind: 'fresh', asOf: new Date(0) }, {});

/** The links to node 2 have gone down so often. */
const flaps = (counts: readonly number[], joins = 1): ClusterState => {
  const left = [...counts];
  return {
    ...whole,
    nodes: whole.nodes.map((node) => (node.id === 2 ? { ...node, joins } : node)),
    links: (whole.links ?? []).map((link) => ({
      ...link,
      flaps: link.nodeId === 2 ? (left.shift() ?? 0) : 0,
    })),
  };
};
const toNode2 = (whole.links ?? []).filter(({ nodeId }) => nodeId === 2).length;
const none = flaps(Array.from({ length: toNode2 }, () => 0));
const all = (joins?: number): ClusterState =>
  flaps(
    Array.from({ length: toNode2 }, () => 1),
    joins,
  );
const total = ({ links = [] }: ClusterState): number =>
  links.reduce((sum, link) => sum + (link.flaps ?? 0), 0);

describe('links that flapped', () => {
  it('all to one node wait until it is known whether it has restarted', () => {
    const held = new HeldLinks();
    expect(total(held.hold(none, all(), 1000, TIMES))).toBe(0);
    expect(held.until).toBe(6000);
    expect(total(held.hold(none, all(), 5999, TIMES))).toBe(0);
    expect(total(held.hold(none, all(), 6000, TIMES))).toBe(toNode2);
    expect(held.until).toBeUndefined();
  });

  it('are told with the restart', () => {
    const held = new HeldLinks();
    held.hold(none, all(), 1000, TIMES);
    expect(total(held.hold(none, all(2), 1100, TIMES))).toBe(toNode2);
  });
});
