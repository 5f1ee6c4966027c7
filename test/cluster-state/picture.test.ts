import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VotequorumFlag } from '../../src/codec/votequorum/get-info.ts';
import type { ClusterReports } from '../../src/cluster/reports.ts';
import { clusterState } from '../../src/cluster/picture.ts';
import { link, linksTo, listed, mapOf, seen, three, votes } from './reports.ts';

const FRESH = { kind: 'fresh', asOf: new Date(0) } as const;
const stateOf = (reports: ClusterReports) => clusterState(reports, FRESH);
const states = (reports: ClusterReports): string[] =>
  stateOf(reports).nodes.map(({ id, state }) => `${id} ${state}`);

describe('the state of a cluster', () => {
  it('says all that the services have said', () => {
    const node = (id: number): object => ({
      id,
      name: `node${id}`,
      configured: true,
      local: id === 1,
      state: 'member',
      addresses: [`10.0.0.${id}`, `10.1.0.${id}`],
      votes: 1,
      joins: 1,
      ifLost: 'quorate',
    });
    const to = (nodeId: number): object => ({
      nodeId,
      link: 0,
      connected: true,
      mtu: 1446,
      from: '10.0.0.1',
      to: '10.0.0.2',
    });
    expect(stateOf(three())).toEqual({
      freshness: FRESH,
      name: 'private',
      localNodeId: 1,
      transport: 'knet',
      ring: { nodeId: 1, seq: 12n },
      quorum: {
        quorate: true,
        provider: 'corosync_votequorum',
        votes: {
          expected: 3,
          highestExpected: 3,
          total: 3,
          needed: 2,
          flags: ['quorate'],
          waitingForAll: false,
          failureTolerance: 1,
          failureToleranceAtBest: 1,
        },
      },
      nodes: [node(1), node(2), node(3)],
      links: [to(2), to(3)],
      config: { stuck: false },
    });
  });

  it('has nothing for what corosync has not told', () => {
    const state = stateOf({ map: new Map(), localNodeId: 7, quorate: true, membership: {} });
    expect(state).toStrictEqual({
      freshness: FRESH,
      localNodeId: 7,
      quorum: { quorate: true },
      nodes: [{ id: 7, local: true, configured: false, state: 'unknown', addresses: [] }],
      config: { stuck: false },
    });
  });

  it('knows a node by its id, not by its place in the list', () => {
    const map = mapOf({ ...listed(0, 30), ...listed(2, 4), ...seen(30), ...seen(4) });
    const { nodes } = stateOf({ map, localNodeId: 30, quorate: true, membership: { members: [4, 30] } });
    expect(nodes.map(({ id, name, local }) => ({ id, name, local }))).toEqual([
      { id: 4, name: 'node4', local: false },
      { id: 30, name: 'node30', local: true },
    ]);
  });

  it('tells members, nodes that left, nodes that were never seen, and what does not go together', () => {
    const map = mapOf({
      ...listed(0, 1),
      ...listed(1, 2),
      ...listed(2, 3),
      ...listed(3, 4),
      ...seen(1),
      ...seen(2, 'left'),
      ...seen(4, 'joined'),
      ...seen(9, 'left'),
      ...seen(10, 'something else'),
    });
    const reports = three({ map, membership: { ring: { nodeId: 1, seq: 12n }, members: [1] } });
    expect(states(reports)).toEqual([
      '1 member',
      '2 left',
      '3 never seen',
      '4 unknown',
      '9 left',
      '10 unknown',
    ]);
    expect(stateOf(reports).nodes.at(-2)).toMatchObject({
      configured: false,
      addresses: ['10.0.0.9', '10.1.0.9'],
    });
  });

  it('takes quorum’s word before the map’s, which is read at another moment', () => {
    const map = mapOf({ ...listed(0, 1), ...listed(1, 2), ...seen(1), ...seen(2, 'left') });
    expect(states(three({ map, membership: { members: [1, 2] } }))).toEqual(['1 member', '2 member']);
  });

  it('takes the map’s word where corosync tells of no membership', () => {
    const map = mapOf({ ...seen(1), ...seen(2), ...seen(3, 'left') });
    expect(states(three({ map, membership: {} }))).toEqual(['1 member', '2 member', '3 left']);
  });

  it('keeps the votes of a node that left, and has none of one that was never seen', () => {
    const map = mapOf({ ...listed(0, 1), ...listed(1, 2), ...listed(2, 3), ...seen(1), ...seen(2, 'left') });
    const infos = new Map([
      [1, votes(1, { totalVotes: 1 })],
      [2, votes(2, { state: 'dead', votes: 5 })],
    ]);
    const { nodes } = stateOf(three({ map, membership: { members: [1] }, votes: infos, quorate: false }));
    expect(nodes.map((node) => node.votes)).toEqual([1, 5, undefined]);
    expect(nodes.map((node) => node.ifLost)).toEqual(['inquorate', undefined, undefined]);
  });

  it('has no version of a configuration that has none', () => {
    const map = mapOf({ ...seen(1), ...seen(2), 'runtime.members.2.config_version': 6n });
    const { nodes } = stateOf(three({ map, membership: { members: [1, 2] } }));
    expect(nodes.map(({ configVersion }) => configVersion)).toEqual([undefined, 6n]);
  });

  it('tells of the quorum device of this node and of the others', () => {
    const flags: VotequorumFlag[] = ['quorate', 'qdevice-registered', 'qdevice-alive', 'qdevice-cast-vote'];
    const change = { qdeviceVotes: 1, qdeviceName: 'Qdevice', flags, totalVotes: 3, quorum: 2 };
    const infos = new Map([
      [1, votes(1, change)],
      [2, votes(2, { ...change, flags: ['quorate', 'qdevice-registered'] })],
    ]);
    const state = stateOf(three({ votes: infos, membership: { members: [1, 2] } }));
    const device = { alive: true, castsVote: true, masterWins: false };
    expect(state.quorum.votes).toMatchObject({
      flags: ['quorate'],
      qdevice: { name: 'Qdevice', votes: 1, ...device },
      failureTolerance: 0,
      failureToleranceAtBest: 1,
    });
    expect(state.nodes.slice(0, 2)).toMatchObject([
      { qdevice: device, ifLost: 'uncertain' },
      { qdevice: { alive: false, castsVote: false, masterWins: false }, ifLost: 'uncertain' },
    ]);
  });

  it.each([
    [0, false],
    [1, true],
    [undefined, undefined],
  ])('waits for all if the map says %s: %s', (status, waitingForAll) => {
    const key = 'runtime.votequorum.wait_for_all_status';
    const map = mapOf({ ...listed(0, 1), ...(status === undefined ? {} : { [key]: status }) });
    const infos = new Map([[1, votes(1, { flags: ['wait-for-all'] })]]);
    expect(stateOf(three({ map, votes: infos })).quorum.votes?.waitingForAll).toBe(waitingForAll);
  });

  it('has the links that are enabled, by node and number, and none to this node', () => {
    const off = link({ enabled: false });
    const down = link({ connected: false, mtu: 469 });
    const { links } = stateOf(
      three({
        links: new Map([
          [3, linksTo(3, [off, down])],
          [1, linksTo(1)],
          [2, linksTo(2, [link(), link({ destinationAddress: '10.1.0.2' })])],
        ]),
      }),
    );
    expect(links?.map(({ nodeId, link: number, connected }) => [nodeId, number, connected])).toEqual([
      [2, 0, true],
      [2, 1, true],
      [3, 1, false],
    ]);
  });

  it('has of a link of udpu what there is', () => {
    const status = link({ sourceAddress: '10.0.0.2', destinationAddress: '', mtu: 0 });
    const { links } = stateOf(three({ links: new Map([[2, linksTo(2, [status])]]) }));
    expect(links).toStrictEqual([{ nodeId: 2, link: 0, connected: true, to: '10.0.0.2' }]);
  });

  it('is frozen throughout, has each node once by its id, and one that is this node, whatever the services say', () => {
    const id = fc.integer({ min: 1, max: 6 });
    const keys = fc.array(
      fc.oneof(
        fc.tuple(fc.nat(3), id).map(([position, nodeId]) => listed(position, nodeId)),
        fc.tuple(id, fc.constantFrom('joined', 'left', '')).map(([nodeId, status]) => seen(nodeId, status)),
        fc.constantFrom(
          { 'nodelist.node.0.nodeid': 'text' },
          { 'totem.cluster_name': 3 },
          { 'quorum.provider': '' },
        ),
      ),
    );
    const infos = fc.array(fc.tuple(id, fc.nat(3), fc.nat(9)));
    fc.assert(
      fc.property(
        fc.record({
          keys,
          localNodeId: id,
          members: fc.option(fc.uniqueArray(id), { nil: undefined }),
          infos,
        }),
        fc.boolean(),
        ({ keys: given, localNodeId, members, infos: told }, quorate) => {
          const state = stateOf({
            map: mapOf(Object.assign({}, ...given) as Record<string, string | number>),
            localNodeId,
            quorate,
            membership: members === undefined ? {} : { members },
            votes: new Map(
              told.map(([nodeId, own, quorum]) => [nodeId, votes(nodeId, { votes: own, quorum })]),
            ),
            links: new Map(told.map(([nodeId]) => [nodeId, linksTo(nodeId)])),
          });
          expectFrozen(state);
          const ids = state.nodes.map((node) => node.id);
          expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
          expect(state.nodes.filter((node) => node.local).map((node) => node.id)).toEqual([localNodeId]);
          for (const node of state.nodes) {
            if (members !== undefined) expect(node.state === 'member').toBe(members.includes(node.id));
            if (node.ifLost !== undefined) expect(node.state).toBe('member');
          }
          expect(state.links?.some(({ nodeId }) => nodeId === localNodeId)).toBe(false);
          const members_ = state.nodes.filter(({ state: what }) => what === 'member').length;
          const { failureTolerance = 0 } = state.quorum.votes ?? {};
          expect(failureTolerance).toBeLessThanOrEqual(Math.max(members_ - 1, 0));
        },
      ),
    );
  });
});

function expectFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value) || value instanceof Date).toBe(true);
  for (const inner of Object.values(value)) expectFrozen(inner);
}
