import { expect, it } from 'vitest';
import { checkLine } from '../../../src/cli/status/check-line.ts';
import { screen } from '../../../src/cli/status/screen.ts';
import { paintFor } from '../../../src/cli/status/style.ts';
import { remarks } from '../../../src/cli/status/verdict.ts';
import type { Finding } from '../../../src/cluster/events/event-types.ts';
import { Narrator } from '../../../src/cluster/events/narrator.ts';
import { clusterState } from '../../../src/cluster/picture.ts';
import type { ClusterConfigDrift, ClusterState } from '../../../src/index.ts';
import { three } from '../../cluster-state/reports.ts';

const plain = paintFor(false, {});
const FRESH = { kind: 'fresh', asOf: new Date() } as const;

const TOKEN = { key: 'totem.token', file: '5000', running: '3000' };
const ADDRESS = { key: 'nodelist.node.ring0_addr', nodeId: 2, file: '10.0.0.22', running: '10.0.0.2' };
const TRANSPORT = { key: 'totem.transport', file: 'udpu', running: 'knet' };
const UNSET = { key: 'quorum.two_node', running: '1' };
const NEW = { key: 'nodelist.node.nodeid', nodeId: 9, file: '9' };
const GONE = { key: 'nodelist.node.nodeid', nodeId: 3, running: '3' };

function differing(...drift: ClusterConfigDrift[]): ClusterState {
  return clusterState({ ...three(), drift }, FRESH);
}

const WORDS =
  'corosync.conf is not what corosync runs with: totem.token is 5000 in the file and 3000 at run time, ' +
  'ring0_addr of node2 is 10.0.0.22 in the file and 10.0.0.2 at run time, node 9 is in the file and not at run time';

it('a file that is not what corosync runs with is warned of, with what is in it, where all is looked at', () => {
  const state = differing(TOKEN, ADDRESS, NEW, UNSET);
  expect(remarks(state, 'all')[0]).toMatchObject({ level: 'warning', text: `${WORDS}, and 1 more` });
  expect(checkLine(remarks(state, 'all'), state)).toContain(
    `COROSYNC WARNING - ${WORDS}, and 1 more; quorate`,
  );
  expect(remarks(state, 'quorum')).toHaveLength(1);
});

it('the screen has all that differs, in 80 columns', () => {
  const long = { ...ADDRESS, nodeId: 1, file: 'x'.repeat(100) };
  const text = screen(differing(TRANSPORT, TOKEN, UNSET, long, ADDRESS, GONE, NEW), [], plain);
  expect(text).toContain('corosync.conf is not what corosync runs with: see 7 differences below.\n');
  expect(text).toMatch(
    new RegExp(
      [
        '\nconfig {4}not reloaded, NOT as in the file:',
        ' {10}totem.transport is udpu in the file and knet at run time, until',
        ' {12}corosync is started again',
        ' {10}totem.token is 5000 in the file and 3000 at run time',
        ' {10}quorum.two_node is not set in the file and 1 at run time',
        ' {10}ring0_addr of node1 is',
        ' {12}x{68}',
        ' {12}x{32} in the file and 10.0.0.2 at run',
        ' {12}time',
        ' {10}ring0_addr of node2 is 10.0.0.22 in the file and 10.0.0.2 at run time',
        ' {10}node3 is at run time and not in the file',
        ' {10}node 9 is in the file and not at run time\n$',
      ].join('\n'),
    ),
  );
});

it('the screen of many differences says where the rest is', () => {
  const all = Array.from({ length: 30 }, (_, index) => ({ ...TOKEN, key: `totem.k${index}` }));
  const text = screen(differing(...all), [], plain);
  expect(text).toMatch(/\n {10}totem\.k7 is 5000 [^\n]*\n {10}and 22 more, which status --json has\n$/);
  expect(screen(differing(...all.slice(0, 8)), [], plain)).toMatch(/\n {10}totem\.k7 is [^\n]*\n$/);
});

it.each([[[TOKEN]], [[ADDRESS, NEW, GONE]], [[UNSET, TRANSPORT, ADDRESS, TOKEN, NEW]]])(
  'check and the event say the same of %j',
  (drift) => {
    const findings: Finding[] = [];
    const narrator = new Narrator((found) => findings.push(...found));
    const [at, hold] = [new Date(), { members: 0, links: 0 }];
    for (const state of [differing(), differing(...drift)])
      narrator.note({ state, changed: true, asked: at, hold, now: 0 });
    const [{ text } = { text: '' }] = remarks(differing(...drift), 'all');
    expect(findings.at(-1)).toMatchObject({ type: 'config.drift', message: `${text}.` });
  },
);

it('a file that is the same is worth a word, and one that cannot be compared is not', () => {
  expect(remarks(differing(), 'all').every(({ level }) => level === 'ok')).toBe(true);
  expect(screen(differing(), [], plain)).toMatch(/\nconfig {4}not reloaded, as in the file\n$/);
  const unknown = clusterState(three(), FRESH);
  expect(screen(unknown, [], plain)).toMatch(/\nconfig {4}not reloaded\n$/);
});
