import { describe, expect, it } from 'vitest';
import type { ClusterConfigDrift, ClusterConfigMistake, ClusterState } from '../../../src/index.ts';
import { configFindings } from '../../../src/cluster/events/config.ts';
import type { Finding } from '../../../src/cluster/events/event-types.ts';
import { ipcFindings } from '../../../src/cluster/events/ipc.ts';
import { linkFindings } from '../../../src/cluster/events/links.ts';
import { memberFindings } from '../../../src/cluster/events/members.ts';
import { quorumFindings } from '../../../src/cluster/events/quorum.ts';
import { defaultSeverity } from '../../../src/cluster/events/severity.ts';
import type { Comparison } from '../../../src/cluster/events/told.ts';
import { totemFindings } from '../../../src/cluster/events/totem.ts';
import { clusterState } from '../../../src/cluster/picture.ts';
import type { ClusterReports } from '../../../src/cluster/reports.ts';
import { link, linksTo, mapOf, seen, three, votes } from '../reports.ts';

const FRESH = { kind: 'fresh', asOf: new Date(0) } as const;
const state = (reports: ClusterReports, figures?: ReturnType<typeof mapOf>): ClusterState =>
  clusterState(reports, FRESH, { figures });
const whole = state(three());

function compare(previous: ClusterState, next: ClusterState, change: Partial<Comparison> = {}): Comparison {
  return {
    previous,
    next,
    told: [],
    now: new Date(2000),
    since: new Date(1000),
    driftBefore: previous.config.drift && {
      drift: previous.config.drift,
      asOf: { file: new Date(800), quorum: new Date(300) },
    },
    mistakeBefore: undefined,
    gap: undefined,
    restarted: false,
    losses: undefined,
    lastMember: new Map(),
    downWithNode: new Set(),
    shrunk: new Set(),
    ...change,
  };
}

const types = (findings: Iterable<Finding>): string[] => [...findings].map(({ type }) => type);

/** The same, with other keys in the map. */
function withKeys(keys: Readonly<Record<string, string | number | bigint>>): ClusterReports {
  const reports = three();
  return { ...reports, map: new Map([...reports.map, ...mapOf(keys)]) };
}

describe('where nothing has changed', () => {
  it('nothing is found', () => {
    const comparison = compare(whole, state(three()));
    const all = [
      ...memberFindings(comparison),
      ...quorumFindings(comparison),
      ...linkFindings(comparison, []),
      ...totemFindings(comparison, []),
      ...configFindings(comparison),
      ...ipcFindings(comparison),
    ];
    expect(all).toEqual([]);
  });
});

describe('members', () => {
  it('of a corosync that does not tell of them are compared; one that joined again has restarted', () => {
    const left = state(three({ membership: { members: [1, 2] } }));
    expect(memberFindings(compare(whole, left))).toMatchObject([
      { type: 'member.left', nodeId: 3, inferred: true, notBefore: new Date(1000) },
    ]);
    expect(types(memberFindings(compare(left, whole)))).toEqual(['member.joined']);
    const again = state(withKeys(seen(3, 'joined', 2)));
    expect(types(memberFindings(compare(whole, again)))).toEqual(['member.restarted']);
    // In a gap it is this node that was away.
    expect(memberFindings(compare(whole, again, { gap: { type: 'stale' } }))).toEqual([]);
  });

  it('are not known to have vanished where more went than tokens were lost', () => {
    const alone = state(three({ membership: { members: [1] } }));
    const at = new Date(1500);
    const ring = { nodeId: 1, seq: 16n };
    const told = [
      { kind: 'membership', at, ring, members: [1, 2], joined: [], left: [3] },
      { kind: 'membership', at, ring, members: [1], joined: [], left: [2] },
    ] as const;
    const departures = (losses: number | undefined): string[] =>
      types(memberFindings(compare(whole, alone, { told, losses })));
    expect(departures(undefined)).toEqual(['member.left', 'member.left']);
    expect(departures(1)).toEqual(['member.left', 'member.left']);
    expect(departures(2)).toEqual(['member.failed', 'member.failed']);
  });

  it('that a lost event told of are made up for', () => {
    const alone = state(three({ membership: { members: [1] } }));
    const told = [
      {
        kind: 'membership',
        at: new Date(1500),
        ring: { nodeId: 1, seq: 16n },
        members: [1],
        joined: [],
        left: [3],
      },
    ] as const;
    expect(memberFindings(compare(whole, alone, { told }))).toMatchObject([
      { type: 'member.left', nodeId: 3, inferred: false },
      { type: 'member.left', nodeId: 2, inferred: true },
    ]);
  });
});

describe('a link that flapped', () => {
  const flapped = (told: number | undefined): unknown[] => {
    const flaps = (count: number): ClusterState => ({
      ...whole,
      links: (whole.links ?? []).map((one) => ({ ...one, flaps: one.nodeId === 2 ? count : 0 })),
    });
    const cause = { type: 'member.restarted', nodeId: 2 } as const;
    const lastMember = new Map(told === undefined ? [] : [[2, { cause, at: new Date(told) }] as const]);
    const times = { now: new Date(60_000), since: new Date(59_000), lastMember };
    return linkFindings(compare(flaps(0), flaps(1), times), []).map(({ type, explainedBy }) => [
      type,
      explainedBy?.type,
    ]);
  };

  it('is explained by what was told of its node just before: the count comes late', () => {
    const all = flapped(57_500);
    expect(all.length).toBeGreaterThan(0);
    expect(new Set(all.map(String))).toEqual(new Set(['link.flapped,member.restarted']));
  });

  it('is not explained by what was told long ago, or never', () => {
    for (const told of [50_000, undefined])
      expect(new Set(flapped(told).map(String))).toEqual(new Set(['link.flapped,']));
  });
});

describe('quorum', () => {
  it('waits for all', () => {
    const waits = state({
      ...withKeys({ 'runtime.votequorum.wait_for_all_status': 1 }),
      quorate: false,
      membership: { members: [1, 2] },
      votes: new Map([1, 2].map((id) => [id, votes(id, { flags: ['wait-for-all'] })])),
    });
    const findings = quorumFindings(compare(whole, waits));
    expect(types(findings)).toEqual(['quorum.lost', 'quorum.waiting_for_all']);
    expect(findings[1]).toMatchObject({
      missing: [3],
      message: expect.stringContaining('node3 missing') as string,
    });
  });

  it('says nothing of a device of a node that comes or goes', () => {
    const flags = ['qdevice-registered', 'qdevice-alive', 'qdevice-cast-vote'] as const;
    const withDevice = new Map([1, 2, 3].map((id) => [id, votes(id, id === 3 ? { flags } : {})]));
    const device = state(three({ votes: withDevice }));
    const gone = state(three({ membership: { members: [1, 2] } }));
    expect(types(quorumFindings(compare(whole, device)))).toEqual(['qdevice.back']);
    expect(types(quorumFindings(compare(device, gone))).filter((type) => type.startsWith('qdevice'))).toEqual(
      [],
    );
  });
});

describe('links', () => {
  it('come and go', () => {
    const both = state(three({ links: new Map([2, 3].map((id) => [id, linksTo(id, [link(), link()])])) }));
    expect(types(linkFindings(compare(whole, both), []))).toEqual(['link.added', 'link.added']);
    expect(types(linkFindings(compare(both, whole), []))).toEqual(['link.removed', 'link.removed']);
  });

  it('of a corosync that cannot tell of them are not known to be down', () => {
    const { map, localNodeId, quorate, membership } = three();
    const without = state({ map, localNodeId, quorate, membership });
    expect(linkFindings(compare(whole, without), [])).toEqual([]);
  });
});

describe('the configuration', () => {
  it('differs between members, and is told once', () => {
    const versions = (...of: bigint[]): ClusterState =>
      state(
        withKeys(
          Object.fromEntries(
            of.map((version, index) => [`runtime.members.${index + 1}.config_version`, version]),
          ),
        ),
      );
    const same = versions(6n, 6n, 6n);
    const different = versions(7n, 6n, 7n);
    expect([...configFindings(compare(same, different))]).toMatchObject([
      { type: 'config.mismatch', versions: { 1: 7n, 2: 6n, 3: 7n } },
    ]);
    expect([...configFindings(compare(different, versions(7n, 6n, 7n)))]).toEqual([]);
    expect([...configFindings(compare(different, versions(7n, 7n, 7n)))]).toEqual([]);
  });

  it('that differs from the file is told once, and again when it differs otherwise', () => {
    const differing = (...drift: ClusterConfigDrift[]): ClusterState => state({ ...three(), drift });
    const name = { key: 'nodelist.node.name', nodeId: 2, file: 'zwei', running: 'node2' };
    const token = { key: 'totem.token', file: '5000' };
    const [finding] = configFindings(compare(differing(), differing(token, name)));
    expect(finding).toMatchObject({
      type: 'config.drift',
      drift: [token, name],
      message:
        'corosync.conf is not what corosync runs with: totem.token is 5000 in the file and not set at run time, ' +
        'name of node2 is zwei in the file and node2 at run time.',
    });
    expect([...configFindings(compare(differing(token, name), differing(token, name)))]).toEqual([]);
    expect(types(configFindings(compare(differing(token, name), differing(name))))).toEqual(['config.drift']);
    const [again] = configFindings(compare(differing(token), differing()));
    expect(again).toMatchObject({
      type: 'config.drift',
      drift: [],
      message: expect.stringMatching(/again\.$/) as string,
    });
    expect(again && defaultSeverity(again)).toBe('notice');
    expect([...configFindings(compare(whole, differing()))]).toEqual([]);
    expect([...configFindings(compare(differing(token), whole))]).toEqual([]);
  });

  it('that differs from the file may do so since what differs was last known to be as before', () => {
    const differing = (...keys: string[]): ClusterState =>
      state({ ...three(), drift: keys.map((key) => ({ key, running: '1' })) });
    const notBefore = (previous: ClusterState, next: ClusterState, since?: Date): unknown =>
      [...configFindings(compare(previous, next, since && { since }))].map((finding) =>
        Number(finding.notBefore),
      );
    expect(notBefore(differing(), differing('totem.token'))).toEqual([800]);
    expect(notBefore(differing(), differing('totem.token'), new Date(700))).toEqual([700]);
    expect(notBefore(differing(), differing('totem.token', 'quorum.two_node'))).toEqual([300]);
    expect(notBefore(differing('quorum.two_node'), differing())).toEqual([300]);
    expect(notBefore(differing('quorum.two_node'), differing('quorum.two_node', 'totem.join'))).toEqual([
      800,
    ]);
    expect(notBefore(whole, differing('totem.token'))).toEqual([0]);
  });

  it('whose file has a mistake says so once, also after times in which nothing is known, and says when it has none any more', () => {
    const broken = (mistake: ClusterConfigMistake): ClusterState => state({ ...three(), mistake });
    const right = state({ ...three(), drift: [] });
    const mistake = { line: 7, reason: 'there is no : in it' };
    const asOf = new Date(800);
    const [found] = configFindings(compare(whole, broken(mistake)));
    expect(found).toMatchObject({ type: 'config.mistake', mistake, notBefore: new Date(0) });
    expect(found?.message).toBe(
      'corosync.conf has a mistake in line 7 (there is no : in it): corosync can neither reload it nor start with it.',
    );
    expect(found && defaultSeverity(found)).toBe('warning');
    const known = { mistakeBefore: { mistake, asOf } };
    expect(types(configFindings(compare(broken(mistake), broken(mistake), known)))).toEqual([]);
    expect(types(configFindings(compare(broken(mistake), whole, known)))).toEqual([]);
    expect([...configFindings(compare(whole, broken({ ...mistake, line: 8 }), known))]).toMatchObject([
      { type: 'config.mistake', mistake: { line: 8 }, notBefore: asOf },
    ]);
    const [gone] = configFindings(compare(whole, right, known));
    expect(gone).toMatchObject({
      type: 'config.mistake',
      message: expect.stringMatching(/no mistake any more\.$/) as string,
    });
    expect(gone).not.toHaveProperty('mistake');
    expect(gone && defaultSeverity(gone)).toBe('notice');
    const none = { mistakeBefore: { mistake: undefined, asOf } };
    expect(types(configFindings(compare(right, right, none)))).toEqual([]);
  });

  it('that could not be reloaded says why, where corosync does', () => {
    const next = state(
      withKeys({ 'config.reload_status': 7, 'config.reload_error_message': 'no such cipher' }),
    );
    const told = [{ kind: 'reload', at: new Date(1500), ok: false }] as const;
    expect([...configFindings(compare(whole, next, { told }))]).toMatchObject([
      {
        type: 'reload.failed',
        reason: 'no such cipher',
        message: 'The configuration could not be reloaded: no such cipher.',
      },
    ]);
  });
});

describe('clients', () => {
  const of = (overloads: number): ReturnType<typeof mapOf> =>
    mapOf({
      'stats.ipcs.global.active': 2n,
      'stats.ipcs.service0.12.0x1.procname': 'pacemakerd',
      'stats.ipcs.service0.12.0x1.overload': BigInt(overloads),
      'stats.ipcs.service3.12.0x2.procname': 'pacemakerd',
      'stats.ipcs.service3.12.0x2.requests': 5n,
    });

  it('are added up by name, and are told of when corosync was too busy for them', () => {
    const [before, after] = [state(three(), of(1)), state(three(), of(3))];
    expect(before.ipc).toEqual({
      active: 2n,
      processes: [
        { name: 'pacemakerd', connections: 2, requests: 5n, overloads: 1n, sendRetries: 0n, queued: 0 },
      ],
    });
    expect([...ipcFindings(compare(before, after))]).toMatchObject([
      {
        type: 'ipc.overload',
        process: 'pacemakerd',
        times: 2,
        message: 'Corosync was too busy for pacemakerd, 2 times.',
      },
    ]);
    expect([...ipcFindings(compare(whole, after))]).toEqual([]);
    expect([...ipcFindings(compare(after, before))]).toEqual([]);
  });
});

describe('scheduling', () => {
  it('is told miss by miss, the oldest first, and each once', () => {
    const misses = (...times: number[]): ClusterState =>
      state({
        ...three(),
        stats: mapOf(
          Object.fromEntries<number | bigint>(
            times.flatMap((time, index): [string, number | bigint][] => [
              [`stats.schedmiss.${index}.timestamp`, BigInt(time)],
              [`stats.schedmiss.${index}.delay`, time / 10],
            ]),
          ),
        ),
      });
    const found = (before: ClusterState, after: ClusterState): unknown[] =>
      [...totemFindings(compare(before, after), [])].map((one) =>
        'delayMs' in one ? one.delayMs : one.type,
      );
    expect(found(misses(), misses(20))).toEqual([2]);
    expect(found(misses(20), misses(40, 30, 20))).toEqual([3, 4]);
    expect(found(misses(40, 30, 20), misses(40, 30, 20))).toEqual([]);
  });
});
