import { expect, it } from 'vitest';
import { screen } from '../../../src/cli/status/screen.ts';
import { paintFor } from '../../../src/cli/status/style.ts';
import { remarks } from '../../../src/cli/status/verdict.ts';
import { clusterState } from '../../../src/cluster/picture.ts';
import type { ClusterConfigDrift, ClusterState } from '../../../src/index.ts';
import { three } from '../../cluster-state/reports.ts';

const plain = paintFor(false, {});

function differing(...keys: string[]): ClusterState {
  const drift = keys.map((key): ClusterConfigDrift => ({ key, file: '1', running: '2' }));
  return clusterState({ ...three(), drift }, { kind: 'fresh', asOf: new Date() });
}

it('a file that is not what corosync runs with is warned of, where all is looked at', () => {
  const state = differing('totem.token', 'nodelist.node.name', 'nodelist.node.name', 'a', 'b');
  const text = 'corosync.conf is not what corosync runs with: totem.token, nodelist.node.name, a and 1 more';
  expect(remarks(state, 'all')[0]).toEqual({ level: 'warning', text });
  expect(remarks(state, 'quorum')).toHaveLength(1);
  expect(screen(state, [], plain)).toMatch(/\nconfig {4}not reloaded, NOT as in the file\n/);
});

it('a file that is the same is worth a word, and one that cannot be compared is not', () => {
  expect(remarks(differing(), 'all').every(({ level }) => level === 'ok')).toBe(true);
  expect(screen(differing(), [], plain)).toMatch(/\nconfig {4}not reloaded, as in the file\n/);
  const unknown = clusterState(three(), { kind: 'fresh', asOf: new Date() });
  expect(screen(unknown, [], plain)).toMatch(/\nconfig {4}not reloaded\n/);
});
