import { expect, it } from 'vitest';
import { screen } from '../../../src/cli/status/screen.ts';
import { paintFor, wrapped } from '../../../src/cli/status/style.ts';
import { widthOf } from '../../../src/cli/printing/width.ts';
import { clusterState } from '../../../src/cluster/picture.ts';
import type { ClusterReports } from '../../../src/cluster/reports.ts';
import { link, linksTo, listed, mapOf, seen, three, votes } from '../../cluster-state/reports.ts';

const LARGEST_ID = 4_294_967_294;

/** Nodes of these names. */
function named(names: readonly string[], ids = [1, 2, 3]): ClusterReports {
  const keys = ids.map((id, position) => ({ ...listed(position, id, names[position]), ...seen(id) }));
  return three({
    map: new Map([{ 'quorum.provider': 'corosync_votequorum' }, ...keys].flatMap((some) => [...mapOf(some)])),
    membership: { members: ids },
    votes: new Map(ids.map((id) => [id, votes(id)])),
    links: new Map(
      ids.slice(1).map((id) => [
        id,
        linksTo(
          id,
          Array.from({ length: 8 }, () => link()),
        ),
      ]),
    ),
    localNodeId: ids[0] ?? 1,
  });
}

const linesOf = (reports: ClusterReports): string[] =>
  screen(
    clusterState(reports, { kind: 'fresh', asOf: new Date() }, { flaps: () => 12 }),
    [],
    paintFor(false, {}),
  )
    .split('\n')
    .slice(0, -1);

it('columns stand below each other, however wide the characters of names are', () => {
  const lines = linesOf(named(['节点一', 'e\u0301clair', '🚀2']));
  const heads = lines.findIndex((line) => line.startsWith('NODE'));
  const states = lines
    .slice(heads, heads + 4)
    .map((line) => widthOf(line.slice(0, line.search(/STATE|this node|member/))));
  expect(states).toEqual([14, 14, 14, 14]);
  const links = lines.slice(lines.findIndex((line) => line.startsWith('LINKS TO')));
  const firsts = links.slice(0, 3).map((line) => widthOf(line.slice(0, line.search(/0|up/))));
  expect(firsts).toEqual([10, 10, 10]);
});

it.each(['x'.repeat(200), '节'.repeat(80), '🚀'.repeat(60)])(
  'no line is wider than 80 columns: %s',
  (name) => {
    const lines = linesOf(named([name, name, name], [LARGEST_ID - 2, LARGEST_ID - 1, LARGEST_ID]));
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([]);
  },
);

it('a word that is wider than a line goes on several', () => {
  expect(wrapped(`ab ${'节'.repeat(7)} c`, 8, ' ')).toEqual(['ab', ' 节节节', ' 节节节', ' 节 c']);
});
